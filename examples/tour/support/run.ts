// Runs one program of the tour and writes what came of it as JSON: what it printed, its picture, its figures, the arithmetic class.
import { init } from "deep-rnn";

/** What a program of the tour leaves behind. */
export interface TourRun {
  readonly printed: string;
  readonly picture: string;
  readonly figures: Readonly<Record<string, number>>;
  /** "fma" or "plain": runs of one class are equal to the bit. */
  readonly class: string;
}

const name = process.argv[2] ?? "";
const { class: arithmetic } = await init({ threads: 1 }); // any number gives the same bits; one is polite to whatever else runs
const lines: string[] = [];
console.log = (line: string) => lines.push(line);
const program: Pick<TourRun, "picture" | "figures"> = await import(`../${name}.js`);
const { picture, figures } = program;
const run: TourRun = { printed: `${lines.join("\n")}\n`, picture, figures, class: arithmetic };
process.stdout.write(JSON.stringify(run));
