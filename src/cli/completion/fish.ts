// Completion for fish: one line per option of each verb.
import type { Tree, TreeCommand, TreeOption } from "./tree.js";

/** The script. */
export function fishScript({ commands }: Tree): string {
  const names = commands.map(({ name }) => name).join(" ");
  return `# fish completion for deep-rnn, made by: deep-rnn completion fish
complete -c deep-rnn -n __fish_use_subcommand -f
complete -c deep-rnn -n __fish_use_subcommand -l help -d 'show help'
complete -c deep-rnn -n __fish_use_subcommand -l version -d 'print the version'
complete -c deep-rnn -n __fish_use_subcommand -a help -d 'show help for a command'
complete -c deep-rnn -n '__fish_seen_subcommand_from help' -f -a ${quoted(names)}
${commands.map(ofCommand).join("\n")}
`;
}

function ofCommand(command: TreeCommand): string {
  const here = `complete -c deep-rnn -n '__fish_seen_subcommand_from ${command.name}'`;
  const first =
    command.choices.length > 0 ? [`${here} -f -a ${quoted(command.choices.join(" "))}`] : command.takesFiles ? [] : [`${here} -f`];
  return [
    `complete -c deep-rnn -n __fish_use_subcommand -a ${command.name} -d ${quoted(command.description)}`,
    ...first,
    ...command.options.map((option) => `${here} ${ofOption(option)}`),
  ].join("\n");
}

function ofOption({ names, description, takesValue, choices, completes }: TreeOption): string {
  const spelled = names.map((name) => (name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`)).join(" ");
  const value = !takesValue
    ? ""
    : choices.length > 0
      ? ` -x -a ${quoted(choices.join(" "))}`
      : completes === "file"
        ? " -r -F"
        : completes === "folder"
          ? " -x -a '(__fish_complete_directories)'"
          : " -x";
  return `${spelled}${value} -d ${quoted(description)}`;
}

function quoted(text: string): string {
  return `'${text.replace(/\\/g, "\\\\").replace(/'/g, "\\'")}'`;
}
