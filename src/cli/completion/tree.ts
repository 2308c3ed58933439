// The command tree as completion scripts need it: words and what can follow them.
import type { Command, Option } from "commander";
import { Setting } from "../settings/setting.js";

/** An option and what its value may be. */
export interface TreeOption {
  readonly names: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  readonly repeatable: boolean;
  /** Empty where the value is free. */
  readonly choices: readonly string[];
  readonly completes: "file" | "folder" | "nothing";
}

/** A verb with its options; `choices` are those of its first argument, which is a path where there are none. */
export interface TreeCommand {
  readonly name: string;
  readonly description: string;
  readonly options: readonly TreeOption[];
  readonly choices: readonly string[];
  readonly takesFiles: boolean;
}

/** All verbs. */
export interface Tree {
  readonly commands: readonly TreeCommand[];
}

/** Reads the tree from commander. */
export function treeOf(program: Command): Tree {
  return { commands: program.commands.map(commandOf) };
}

function commandOf(command: Command): TreeCommand {
  const help = {
    names: ["-h", "--help"],
    description: "show help",
    takesValue: false,
    repeatable: false,
    choices: [],
    completes: "nothing" as const,
  };
  const choices = command.registeredArguments[0]?.argChoices ?? [];
  return {
    name: command.name(),
    description: command.description(),
    options: [...command.options.map(optionOf), help],
    choices,
    takesFiles: command.registeredArguments.length > 0 && choices.length === 0,
  };
}

function optionOf(option: Option): TreeOption {
  const kind = option instanceof Setting ? option.kind : undefined;
  return {
    names: [option.short, option.long].filter((name) => name !== undefined),
    description: option.description,
    takesValue: option.required || option.optional,
    repeatable: kind?.repeatable === true,
    choices: option.argChoices ?? [],
    completes: kind?.completes ?? "nothing",
  };
}
