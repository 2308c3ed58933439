// Runs one program of the tour and writes what came of it as JSON: what it printed, its picture, its figures.
import { init } from "deep-rnn";

/** What a program of the tour leaves behind. */
export interface TourRun {
  readonly printed: string;
  readonly picture: string;
  readonly figures: Readonly<Record<string, number>>;
}

const name = process.argv[2] ?? "";
await init({ threads: 1 }); // any number gives the same bits; one is polite to whatever else runs
const lines: string[] = [];
console.log = (line: string) => lines.push(line);
const program: Pick<TourRun, "picture" | "figures"> = await import(`../${name}.js`);
const { picture, figures } = program;
const run: TourRun = { printed: `${lines.join("\n")}\n`, picture, figures };
process.stdout.write(JSON.stringify(run));
