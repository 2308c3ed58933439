// Completion for zsh: `_arguments` with descriptions.
import type { Tree, TreeCommand, TreeOption } from "./tree.js";

/** The script. */
export function zshScript({ commands }: Tree): string {
  return `#compdef deep-rnn
# zsh completion for deep-rnn, made by: deep-rnn completion zsh
_deep_rnn() {
  local curcontext="$curcontext" state line
  local -a verbs
  verbs=(
${commands.map(({ name, description }) => `    ${quoted(`${name}:${description}`)}`).join("\n")}
    'help:show help for a command'
  )
  _arguments -C '(- *)--help[show help]' '(- *)--version[print the version]' '1: :->verb' '*:: :->rest'
  case $state in
    verb) _describe -t commands command verbs ;;
    rest)
      case $line[1] in
${commands.map(ofCommand).join("\n")}
        help) _describe -t commands command verbs ;;
      esac ;;
  esac
}
if [ "$funcstack[1]" = "_deep_rnn" ]; then _deep_rnn "$@"; else compdef _deep_rnn deep-rnn; fi
`;
}

function ofCommand(command: TreeCommand): string {
  const rest = command.choices.length > 0 ? `'1: :(${command.choices.join(" ")})'` : command.takesFiles ? "'*:file:_files'" : "";
  const specs = [...command.options.map(ofOption), ...(rest === "" ? [] : [rest])];
  return `        ${command.name}) _arguments ${specs.join(" ")} ;;`;
}

function ofOption({ names, description, takesValue, repeatable, choices, completes }: TreeOption): string {
  const text = `[${description.replace(/[[\]:]/g, "\\$&")}]`;
  const value = choices.length > 0 ? `(${choices.join(" ")})` : completes === "file" ? "_files" : completes === "folder" ? "_files -/" : "";
  const tail = takesValue ? `:value:${value}` : "";
  // Each spelling excludes the other ones and itself, unless it may be repeated.
  const head = repeatable ? "*" : `(${names.join(" ")})`;
  return names.map((name) => quoted(`${head}${name}${text}${tail}`)).join(" ");
}

function quoted(text: string): string {
  return `'${text.replace(/'/g, "'\\''")}'`;
}
