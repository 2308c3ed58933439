// Completion for bash: one function, needs no bash-completion package.
import type { Tree, TreeCommand, TreeOption } from "./tree.js";

/** The script. */
export function bashScript({ commands }: Tree): string {
  return `# bash completion for deep-rnn, made by: deep-rnn completion bash
_deep_rnn() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" verb="" each
  COMPREPLY=()
  # In COMP_WORDS the sign of --option=value is a word of its own.
  if [[ "$word" == "=" ]]; then word=""; fi
  if [[ "$before" == "=" ]]; then before="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  for each in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$each" in ${commands.map(({ name }) => name).join("|")}|help) verb="$each"; break ;; esac
  done
  if [[ -z "$verb" ]]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")} help --help --version" -- "$word"))
    return
  fi
  case "$verb" in
${commands.map(ofCommand).join("\n")}
    help) COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")}" -- "$word")) ;;
  esac
}
complete -F _deep_rnn deep-rnn
`;
}

function ofCommand(command: TreeCommand): string {
  const values = command.options.filter(({ takesValue }) => takesValue).map(ofValue);
  const names = command.options.flatMap((option) => option.names).join(" ");
  const first = command.choices.length > 0 ? words(command.choices.join(" ")) : command.takesFiles ? files : ":";
  return `    ${command.name})
      case "$before" in
${values.join("\n")}
        *) if [[ "$word" == -* ]]; then ${words(names)}; else ${first}; fi ;;
      esac ;;`;
}

function ofValue(option: TreeOption): string {
  const values =
    option.choices.length > 0
      ? words(option.choices.join(" "))
      : option.completes === "file"
        ? files
        : option.completes === "folder"
          ? folders
          : ":";
  return `        ${option.names.join("|")}) ${values} ;;`;
}

const words = (list: string): string => `COMPREPLY=($(compgen -W "${list}" -- "$word"))`;
// Names with spaces stay one word each; `filenames` makes readline quote them and put a slash behind folders.
const named = (kind: string): string =>
  `local IFS=$'\\n'; compopt -o filenames 2>/dev/null || true; COMPREPLY=($(compgen ${kind} -- "$word"))`;
const files = named("-f");
const folders = named("-d");
