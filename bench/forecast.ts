// Forecasts of whole competitions beside their published scores: `npm run bench -- forecast m4-hourly FOLDER`.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { chooseTransform } from "../src/data/transform.js";
import { apartOf, intervalsAt } from "../src/tasks/forecast/apart.js";
import { type ChoiceData, choose, combine, combinedFrom, trialAhead, trialOrigins, trialsAt } from "../src/tasks/forecast/choice.js";
import { intervalsOf, type Residual } from "../src/tasks/forecast/intervals.js";
import { naiveError, scorePairs } from "../src/tasks/forecast/scores.js";
import { type SimpleMethod, simpleMethodNames, simpleMethods } from "../src/tasks/forecast/simple/index.js";
import { weightsWithout } from "../src/tasks/forecast/validate.js";
import { runAirline, runSmall } from "./forecast-small.js";
import { runEtth1, runExchange } from "./forecast-tables.js";

interface Competition {
  readonly train: string;
  readonly test: string;
  /** Cells of a training row before its values. */
  readonly head: number;
  /** Season of MASE and of the yardsticks, as the competition has it. */
  readonly season: number;
  /** Season that the combination is given, and a longer one. */
  readonly own: number;
  readonly longSeason: number;
}

const competitions: Readonly<Record<string, Competition>> = {
  "m4-hourly": { train: "Hourly-train.csv.gz", test: "Hourly-test.csv.gz", head: 1, season: 24, own: 24, longSeason: 168 },
  "m4-weekly": { train: "Weekly-train.csv.gz", test: "Weekly-test.csv.gz", head: 1, season: 1, own: 52, longSeason: 0 },
  "m3-monthly": { train: "M3-monthly-train.csv.gz", test: "M3-monthly-test.csv.gz", head: 5, season: 12, own: 12, longSeason: 0 },
};

/** Forecasts that train a network. */
const others: Readonly<Record<string, (folder: string) => Promise<number>>> = {
  small: runSmall,
  airline: runAirline,
  etth1: runEtth1,
  exchange: runExchange,
};

interface Task {
  readonly id: string;
  readonly train: Float64Array;
  readonly test: Float64Array;
}

/** Runs one competition over the files in a folder; `--every 10` takes every tenth series. Resolves to the exit code. */
export async function runForecasts(args: readonly string[]): Promise<number> {
  const [name = "", folder = ""] = args;
  const other = Object.hasOwn(others, name) ? others[name] : undefined;
  if (folder !== "" && other !== undefined) return other(folder);
  const competition = competitions[name];
  if (competition === undefined || folder === "") {
    process.stderr.write(
      `npm run bench -- forecast NAME FOLDER [--every N]   NAME: ${[...Object.keys(competitions), ...Object.keys(others)].join(", ")}\n`,
    );
    return 2;
  }
  const at = args.indexOf("--every");
  const every = at < 0 ? 1 : Number(args[at + 1]);
  const tasks = (await readTasks(competition, folder)).filter((_, i) => i % every === 0);
  const started = performance.now();
  const table = new Map<string, { smape: number; mase: number }>();
  const held = { 80: 0, 95: 0, points: 0 };
  for (const [i, task] of tasks.entries()) {
    const scale = naiveError(task.train, competition.season);
    const add = (method: string, forecast: Float64Array): void => {
      const { smape, mase } = scorePairs(task.test, forecast, scale);
      const sum = table.get(method) ?? { smape: 0, mase: 0 };
      table.set(method, { smape: sum.smape + (smape ?? 0) / tasks.length, mase: sum.mase + (mase ?? 0) / tasks.length });
    };
    for (const method of simpleMethodNames) add(method, simpleForecast(method, task, competition));
    const { forecast, half80, half95, log } = combinationOf(task, competition);
    add("combination", forecast);
    for (const [h, actual] of task.test.entries()) {
      const error = Math.abs(log ? Math.log(actual / forecast[h]!) : actual - forecast[h]!);
      held.points++;
      if (error <= (half80[h] ?? Number.NaN)) held[80]++;
      if (error <= (half95[h] ?? Number.NaN)) held[95]++;
    }
    if ((i + 1) % 50 === 0) process.stderr.write(`${i + 1} of ${tasks.length} series, ${seconds(started)} s\n`);
  }
  process.stdout.write(`${report(name, table, tasks.length)}
combination: the 80 % interval held ${percent(held[80] / held.points)}, the 95 % interval ${percent(held[95] / held.points)}
${seconds(started)} s, no random numbers, no training
`);
  return 0;
}

function simpleForecast(method: SimpleMethod, { train, test }: Task, { season }: Competition): Float64Array {
  return simpleMethods[method]({ values: train, season, horizon: test.length, log: false });
}

/** The default forecast of one series without a network, and its intervals. */
function combinationOf(
  { train, test }: Task,
  { own, longSeason }: Competition,
): { forecast: Float64Array; half80: readonly number[]; half95: readonly number[]; log: boolean } {
  const horizon = test.length;
  const { log } = chooseTransform(train, { season: own, horizon });
  const data: ChoiceData = { values: train, season: own, longSeason, horizon, log };
  const end = train.length;
  const trials = trialsAt(data, trialOrigins(data, { validation: end - Math.floor(end / 5), end }));
  const choice = choose(data, trials);
  const { weights } = choice;
  const residuals = trials.flatMap((trial): Residual[] => {
    const { origin } = trial;
    const apart = apartOf(weights, trial, log);
    const forecast = combine(weightsWithout({ data, trials, choice }, trial), trial, horizon);
    return Array.from(forecast, (value, step) => {
      const actual = train[origin + step]!;
      return { origin, step, apart, error: log ? Math.log(actual / value) : actual - value };
    }).filter(({ error }) => Number.isFinite(error));
  });
  const ahead = trialAhead(data, weights);
  const { half80 = [], half95 = [] } = intervalsAt(intervalsOf(residuals, horizon), apartOf(weights, ahead, log)) ?? {};
  return { forecast: combinedFrom(ahead, weights, horizon), half80, half95, log };
}

function report(name: string, table: ReadonlyMap<string, { smape: number; mase: number }>, count: number): string {
  const base = table.get("naive2") ?? { smape: Number.NaN, mase: Number.NaN };
  const rows = [...table].map(([method, { smape, mase }]) => {
    const owa = (smape / base.smape + mase / base.mase) / 2;
    return `${method.padEnd(20)} ${smape.toFixed(3).padStart(8)} ${mase.toFixed(3).padStart(8)} ${owa.toFixed(3).padStart(8)}`;
  });
  return [`${name}, ${count} series`, `${"".padEnd(20)}    sMAPE     MASE      OWA`, ...rows].join("\n");
}

async function readTasks({ train, test, head }: Competition, folder: string): Promise<Task[]> {
  const [trainRows, testRows] = await Promise.all([rowsOf(join(folder, train)), rowsOf(join(folder, test))]);
  const ahead = new Map(testRows.map(([id = "", ...cells]) => [id, numbersOf(cells)]));
  return trainRows.map((cells) => {
    const id = cells[0] ?? "";
    return { id, train: numbersOf(cells.slice(head)), test: ahead.get(id) ?? new Float64Array() };
  });
}

async function rowsOf(path: string): Promise<string[][]> {
  const lines = gunzipSync(await readFile(path))
    .toString("utf8")
    .trim()
    .split(/\r?\n/);
  return lines.slice(1).map((line) => line.split(",").map((cell) => cell.replaceAll('"', "")));
}

function numbersOf(cells: readonly string[]): Float64Array {
  return Float64Array.from(cells.filter((cell) => cell !== "" && cell !== "NA").map(Number));
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function seconds(started: number): string {
  return ((performance.now() - started) / 1000).toFixed(0);
}
