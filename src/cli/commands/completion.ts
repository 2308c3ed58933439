// `deep-rnn completion bash|zsh|fish`: a completion script made from the command tree, so that it never lacks an option.
import type { Command } from "commander";
import { Argument } from "commander";
import { bashScript } from "../completion/bash.js";
import { fishScript } from "../completion/fish.js";
import { treeOf } from "../completion/tree.js";
import { zshScript } from "../completion/zsh.js";
import type { Start } from "../context.js";
import { answerPlace, okEnvelope, writeAnswer } from "../context.js";
import { toJson } from "../envelope.js";
import { exitCodes } from "../failure.js";
import type { GlobalFlags } from "../options.js";
import { globalOptions } from "../options.js";

const shells = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;
type Shell = keyof typeof shells;

const examples = `
Examples:
  $ deep-rnn completion bash > ~/.local/share/bash-completion/completions/deep-rnn
  $ deep-rnn completion zsh > ~/.zfunc/_deep-rnn    with fpath+=~/.zfunc before compinit in ~/.zshrc
  $ deep-rnn completion fish > ~/.config/fish/completions/deep-rnn.fish`;

/** Describes the verb to commander. */
export function describeCompletion(command: Command, start: Start, program: Command): void {
  command
    .description("Print a script that completes commands, options and their choices in your shell.")
    .addArgument(new Argument("<shell>", "the shell to complete in").choices(Object.keys(shells)));
  for (const option of globalOptions()) command.addOption(option);
  command.addHelpText("after", examples);
  command.action((shell: Shell, flags: GlobalFlags) =>
    start(async (context) => {
      const script = shells[shell](treeOf(program));
      const place = answerPlace(context, shell, flags);
      const envelope = okEnvelope(context, { backend: null, run: place?.given ?? null, result: { shell, script } });
      await writeAnswer(context, place, envelope, { [`deep-rnn.${shell}`]: script });
      context.terminal.out(context.json ? toJson(envelope) : script.trimEnd());
      return exitCodes.ok;
    }),
  );
}
