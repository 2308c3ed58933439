// `deep-rnn inspect FILE`: what the data looks like before anything is trained on it.
import type { Command } from "commander";
import type { TableDescription } from "../../data/index.js";
import type { Context, Start } from "../context.js";
import { answerPlace, okEnvelope, startBackend, writeAnswer } from "../context.js";
import { toJson } from "../envelope.js";
import { exitCodes } from "../failure.js";
import { inspectLines } from "../inspect-words.js";
import type { GlobalFlags, TableFlags } from "../options.js";
import { globalOptions, tableOptions, taskFlags } from "../options.js";
import { whole, words } from "../settings/kinds.js";
import { Setting } from "../settings/setting.js";
import { readInput } from "../table-input.js";

/** The flags of this verb as commander hands them over. */
export interface InspectFlags extends GlobalFlags, Omit<TableFlags, "duplicates"> {
  readonly time?: string;
  readonly id?: string;
  readonly target?: string;
  readonly frequency?: string;
  readonly season?: number;
}

/** A description, and the column that was taken for the target because none was named. */
export interface Inspection extends TableDescription {
  /** Columns are compared with this one; null if the target was named or is the only one possible. */
  readonly assumedTarget: string | null;
}

const examples = `
Examples:
  $ deep-rnn inspect sales.csv
  $ deep-rnn inspect sales.csv --target Sales --json
  $ zcat sales.csv.gz | deep-rnn inspect - --time Date,Hour --id Shop`;

/** Describes the verb to commander. */
export function describeInspect(command: Command, start: Start): void {
  command
    .description(
      "Look at a table: columns, types, missing values, repeats, gaps, season, outliers, and columns that know the target too well.",
    )
    .argument("<file>", "table: CSV, semicolon or tab separated, also .gz; - reads standard input");
  const roles = [
    new Setting("--time <columns>", "time column, or several: Date,Time; found if not given", words, { found: true }),
    new Setting("--id <column>", "column that tells several series apart", words, { found: true }),
    new Setting("--target <column>", "column that is to be forecast; the others are compared with it", words, { found: true }),
    new Setting("--frequency <name>", 'monthly, daily, hourly, "15 minutes"; found from the times', words, { found: true }),
    new Setting("--season <rows>", "rows in a season, 1 for none; found from the frequency and the data", whole(1), { found: true }),
  ];
  const table = tableOptions().filter(({ long }) => long !== "--duplicates");
  for (const option of [...roles, ...table, ...globalOptions()]) command.addOption(option);
  command.addHelpText("after", examples);
  command.action((file: string, flags: InspectFlags) => start((context) => runInspect(file, flags, context)));
}

/** Runs the verb; the description goes to stdout. */
export async function runInspect(file: string, flags: InspectFlags, context: Context): Promise<number> {
  const { terminal } = context;
  const place = answerPlace(context, file, flags);
  const [{ describeTable }, { isIdOf }] = await Promise.all([import("../../data/index.js"), import("../../data/panel.js")]);
  const { seed: _seed, missing = [], delimiter: _delimiter, encoding: _encoding, ...roles } = taskFlags(flags);
  const table = await readInput(file, { ...flags, names: isIdOf(roles) }, missing);
  const described = describeTable(table, roles);
  // Without a target nothing could leak into it; the likeliest column is better than no look at all.
  const guess = described.target === null ? (described.candidates.target[0] ?? null) : null;
  const result: Inspection = {
    ...(guess === null ? described : { ...describeTable(table, { ...roles, target: guess }), target: null }),
    candidates: described.candidates,
    assumedTarget: guess,
  };
  const text = inspectLines(result, terminal).join("\n");
  const backend = await startBackend(flags);
  const envelope = okEnvelope(context, { backend, run: place?.given ?? null, result });
  await writeAnswer(context, place, envelope);
  terminal.out(context.json ? toJson(envelope) : text);
  return exitCodes.ok;
}
