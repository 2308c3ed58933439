// A config file: JSON with settings by name, and sections by verb for those that only one verb shall have.
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { z } from "zod";
import { DataError } from "../../base/errors.js";
import { nearestName } from "../../data/table.js";
import { checked, lowerFirst } from "./kinds.js";
import type { Setting } from "./setting.js";
import { settingsOf } from "./setting.js";

const record = z.record(z.string(), z.unknown());
/** A setting as `--print-config` and a run's config.json write it. */
const written = z.object({ value: z.unknown(), origin: z.enum(["flag", "environment", "config", "data", "default", "argument"]) });

/**
 * Values for one command. A key that only other commands have is let pass, one that none has is refused; a section of the command's
 * name counts more than what stands beside it. Files that `--print-config` or a run wrote can be given back: of those, what
 * somebody had set is taken, and what was found from the data is found again.
 *
 * @throws DataError `config_missing`, `bad_config` naming file and key
 */
export function readConfig(path: string, command: Command, commands: readonly Command[]): Map<string, unknown> {
  const whole = parsed(path);
  const values = new Map<string, unknown>();
  const sections = commands.map((each) => each.name());
  const everywhere = commands.flatMap(namesOf);
  for (const [key, value] of Object.entries(whole)) {
    if (sections.includes(key)) continue;
    const given = unwrapped(value);
    if (given === null) continue;
    if (!everywhere.includes(key)) throw unknownKey(path, key, [...everywhere, ...sections]);
    const setting = find(command, key);
    if (setting !== undefined) values.set(key, accepted(path, key, setting, given.value));
  }
  for (const each of commands) {
    const section = whole[each.name()];
    if (section === undefined) continue;
    for (const [key, value] of Object.entries(sectionOf(path, each.name(), section))) {
      const setting = find(each, key);
      const name = `${each.name()}.${key}`;
      if (setting === undefined) throw unknownKey(path, name, namesOf(each));
      const good = accepted(path, name, setting, value);
      if (each === command) values.set(key, good);
    }
  }
  return values;
}

function parsed(path: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const what =
      code === "ENOENT" || code === "ENOTDIR" ? `There is no config file ${path}.` : `Config file ${path} cannot be read (${code}).`;
    throw new DataError("config_missing", what, "Check --config.", { file: path });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/\s+/g, " ") : String(error);
    throw new DataError("bad_config", `${path} is not JSON: ${reason}.`, "", { file: path });
  }
  const object = record.safeParse(value);
  if (!object.success || Array.isArray(value))
    throw new DataError("bad_config", `${path} must hold one JSON object with settings by name.`, "", { file: path });
  refuseInherited(path, value);
  return object.data;
}

/** A key that every object has already would be lost on the way, and nobody told. */
function refuseInherited(path: string, value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key in {}) throw unknownKey(path, key, []);
    refuseInherited(path, inner);
  }
}

function sectionOf(path: string, name: string, section: unknown): Record<string, unknown> {
  const object = record.safeParse(section);
  if (object.success && !Array.isArray(section)) return object.data;
  throw new DataError("bad_config", `${path}: ${name} must be an object with settings of that command.`, "", { file: path, column: name });
}

/** The value; null for one that a run found or left at its default. */
function unwrapped(value: unknown): { readonly value: unknown } | null {
  const entry = written.safeParse(value);
  if (!entry.success) return { value };
  const { origin } = entry.data;
  return origin === "data" || origin === "default" || origin === "argument" ? null : { value: entry.data.value };
}

function accepted(path: string, key: string, setting: Setting, value: unknown): unknown {
  const found = checked(setting.kind, value);
  if (found !== null) return found.value;
  const near = typeof value === "string" && setting.kind.choices !== undefined ? nearestName(value, setting.kind.choices) : null;
  const hint = near === null ? "" : `Did you mean ${near}?`;
  throw new DataError("bad_config", `${path}: ${key} is ${JSON.stringify(value)}; ${lowerFirst(setting.kind.need)}`, hint, {
    file: path,
    column: key,
  });
}

function unknownKey(path: string, key: string, known: readonly string[]): DataError {
  const [section, name] = key.includes(".") ? key.split(".", 2) : ["", key];
  const near = nearestName(name ?? key, known);
  const hint = near === null ? "--print-config lists them." : `Did you mean "${near}"?`;
  const where = section === "" ? "no setting" : `no setting of ${section}`;
  return new DataError("bad_config", `${path}: "${name}" is ${where}.`, hint, { file: path, column: key });
}

function namesOf(command: Command): string[] {
  return settingsOf(command)
    .filter(({ otherwise }) => otherwise.flagOnly !== true)
    .map((setting) => setting.attributeName())
    .filter((name) => name !== "config");
}

function find(command: Command, name: string): Setting | undefined {
  return namesOf(command).includes(name) ? settingsOf(command).find((setting) => setting.attributeName() === name) : undefined;
}
