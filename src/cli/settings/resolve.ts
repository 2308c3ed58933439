// Which value of a setting is in force and who gave it: flag over environment over config file over default.
import type { Command } from "commander";
import { nearestName } from "../../data/table.js";
import type { Warning } from "../envelope.js";
import { usageError } from "../failure.js";
import { readConfig } from "./config-file.js";
import { checked, lowerFirst } from "./kinds.js";
import type { Setting } from "./setting.js";
import { settingsOf } from "./setting.js";

/** Who gave a value; "argument": what stands beside the settings, as the table does. */
export type Origin = "flag" | "environment" | "config" | "data" | "default" | "argument";

/** A value in force. */
export interface Resolved {
  /** null where it will be found from the data, or where nothing is set. */
  readonly value: unknown;
  readonly origin: Origin;
  /** The variable or the file; null for the others. */
  readonly from: string | null;
}

/** All settings of one command by name. */
export interface Settings {
  readonly values: Readonly<Record<string, Resolved>>;
  readonly warnings: readonly Warning[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Completes the parsed flags of a command with what the environment and the config file say; commander hands all of them to the action.
 *
 * @throws DataError `usage_bad_environment`, `config_missing`, `bad_config`
 */
export function resolveSettings(command: Command, commands: readonly Command[], env: Environment): Settings {
  const settings = settingsOf(command);
  const given = (name: string): boolean => command.getOptionValueSource(name) === "cli";
  const configPath = configPathOf(command, settings, env);
  const config = configPath === null ? new Map<string, unknown>() : readConfig(configPath, command, commands);
  const values: Record<string, Resolved> = {};
  for (const setting of settings) {
    const name = setting.attributeName();
    if (name === "config" || setting.otherwise.flagOnly === true) continue;
    values[name] = resolved(setting);
  }
  const left = settings.flatMap(giveWay);
  return { values, warnings: [...left, ...misspelt(commands, env)] };

  // What is given nearer to the command counts: `--cell gru` does not fail because a file has the activation of another cell.
  function giveWay(setting: Setting): Warning[] {
    const name = setting.attributeName();
    const own = values[name];
    const stronger = places.slice(0, Math.max(0, places.indexOf(own?.origin ?? "default")));
    const winner = setting.otherwise.givesWay?.find(({ to, where }) => {
      const other = values[to];
      return other !== undefined && stronger.includes(other.origin) && where(other.value);
    });
    if (own === undefined || winner === undefined) return [];
    command.setOptionValueWithSource(name, undefined, "default");
    values[name] = standardOf(setting);
    const words = `--${winner.to} ${[values[winner.to]?.value].flat().join(",")}`;
    const message = `${name} ${[own.value].flat().join(",")} of ${own.from} does not go with ${words} and is left out.`;
    return [{ code: "setting_left_out", message }];
  }

  function resolved(setting: Setting): Resolved {
    const name = setting.attributeName();
    if (given(name)) return { value: command.getOptionValue(name), origin: "flag", from: null };
    const spoken = env[setting.variable];
    if (spoken !== undefined && spoken !== "") return take(setting, fromEnvironment(setting, spoken), "environment", setting.variable);
    if (config.has(name)) return take(setting, config.get(name), "config", configPath);
    return standardOf(setting);
  }

  function take(setting: Setting, value: unknown, origin: "environment" | "config", from: string | null): Resolved {
    // A switch that is off is one that was not given, as on the command line.
    const absent = value === false && !setting.negate;
    command.setOptionValueWithSource(setting.attributeName(), absent ? undefined : value, origin === "environment" ? "env" : "config");
    return { value, origin, from };
  }
}

function standardOf({ otherwise, negate }: Setting): Resolved {
  if (otherwise.found === true) return { value: null, origin: "data", from: null };
  return { value: negate ? true : (otherwise.standard ?? null), origin: "default", from: null };
}

/** Places that give values; what stands first counts more. */
const places: readonly Origin[] = ["flag", "environment", "config"];

/** Reads a switch before the command line is parsed, because a failure to parse must obey it. */
export function earlySwitch(name: string, args: readonly string[], env: Environment): boolean {
  return args.includes(`--${name}`) || /^(1|true|yes|on)$/i.test(env[`DEEP_RNN_${name.toUpperCase()}`] ?? "");
}

function fromEnvironment(setting: Setting, text: string): unknown {
  const found = checked(setting.kind, setting.kind.read(text));
  if (found !== null) return found.value;
  const near = setting.kind.choices === undefined ? null : nearestName(text, setting.kind.choices);
  const hint = near === null ? "" : `Did you mean ${near}?`;
  throw usageError("usage_bad_environment", `${setting.variable} is "${text}"; ${lowerFirst(setting.kind.need)}`, hint);
}

function configPathOf(command: Command, settings: readonly Setting[], env: Environment): string | null {
  const setting = settings.find((each) => each.attributeName() === "config");
  if (setting === undefined) return null;
  const flag: unknown = command.getOptionValue("config");
  const path = typeof flag === "string" ? flag : env[setting.variable];
  return path === undefined || path === "" ? null : path;
}

// A variable that sets nothing because of a typing mistake is a run with the wrong settings.
function misspelt(commands: readonly Command[], env: Environment): Warning[] {
  const known = new Set(commands.flatMap(settingsOf).map(({ variable }) => variable));
  const tails = [...known].map((variable) => variable.slice(prefix.length));
  return Object.keys(env)
    .filter((name) => name.startsWith(prefix) && !known.has(name) && !others.includes(name))
    .flatMap((name) => {
      const near = nearestName(name.slice(prefix.length), tails);
      const message = `${name} sets nothing. Did you mean ${prefix}${near}?`;
      return near === null ? [] : [{ code: "unknown_variable", message }];
    });
}

const prefix = "DEEP_RNN_";
/** Variables that are no options: they choose among cores. */
const others: readonly string[] = ["DEEP_RNN_NO_NATIVE", "DEEP_RNN_VARIANT"];
