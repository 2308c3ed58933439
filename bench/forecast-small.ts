// Default forecasts of small public series beside the best simple method: `npm run bench -- forecast small FOLDER`; and airline passengers.
import { cpus } from "node:os";
import { join } from "node:path";
import { type ForecastOptions, type ForecastRun, forecast } from "../src/tasks/index.js";

/** Files of the folder. */
const files = [
  "airline-passengers.csv",
  "monthly-sunspots.csv",
  "daily-min-temperatures.csv",
  "us_gasoline.csv",
  "monthly-milk.csv",
  "monthly-milk-incomplete.csv",
];
const origins = 5;
const seeds = [0, 1, 2, 3, 4];

/** Every series with the task's defaults, scored from several origins. Resolves to the exit code. */
export async function runSmall(folder: string, options: ForecastOptions = {}): Promise<number> {
  process.stdout.write(`${cpus()[0]?.model}; ${origins} origins, one horizon apart; all else as the task has it\n`);
  process.stdout.write(`${"".padEnd(30)} horizon    MASE  best simple           ratio  network   80 %   95 %  seconds\n`);
  const ratios: number[] = [];
  const held = { points: 0, inside80: 0, inside95: 0 };
  for (const file of files) {
    const { evaluation, choice, forecast: ahead, seconds } = await forecast(join(folder, file), { ...options, backtest: origins });
    const { model, points } = evaluation;
    const [name, best] = bestSimple(evaluation);
    const ratio = model.mase! / best;
    ratios.push(ratio);
    held.points += points;
    held.inside80 += points * (model.coverage80 ?? 0);
    held.inside95 += points * (model.coverage95 ?? 0);
    const cells = [
      file.padEnd(30),
      String(ahead.length).padStart(7),
      model.mase!.toFixed(3).padStart(7),
      `${name} ${best.toFixed(3)}`.padStart(26),
      ratio.toFixed(3).padStart(6),
      choice.networkWeight.toFixed(2).padStart(8),
      percent(model.coverage80),
      percent(model.coverage95),
      seconds.toFixed(0).padStart(8),
    ];
    process.stdout.write(`${cells.join(" ")}\n`);
  }
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  const [all80, all95] = [held.inside80 / held.points, held.inside95 / held.points];
  process.stdout.write(`geometric mean of the ratios ${mean.toFixed(3)}; all points: ${percent(all80)} and ${percent(all95)} inside\n`);
  return 0;
}

/** The last 24 months of airline passengers from several seeds. Resolves to the exit code. */
export async function runAirline(folder: string, options: ForecastOptions = {}): Promise<number> {
  const scores: number[] = [];
  process.stdout.write(`${cpus()[0]?.model}; airline passengers, the last 24 months held out\n`);
  for (const seed of seeds) {
    const { evaluation, choice, seconds } = await forecast(join(folder, files[0]!), { ...options, test: 24, seed });
    const { model, network, combination, seasonalNaive } = evaluation;
    scores.push(model.mase!);
    const parts = `network ${network.mase!.toFixed(3)}, combination ${combination!.mase!.toFixed(3)}, seasonal naive ${seasonalNaive.mase!.toFixed(3)}`;
    process.stdout.write(
      `seed ${seed}: MASE ${model.mase!.toFixed(3)} (${parts}), share of the network ${choice.networkWeight}, ${seconds.toFixed(0)} s\n`,
    );
  }
  scores.sort((a, b) => a - b);
  process.stdout.write(`median MASE ${scores[scores.length >> 1]!.toFixed(3)}\n`);
  return 0;
}

function bestSimple({ simple }: ForecastRun["evaluation"]): [string, number] {
  const scored = Object.entries(simple).flatMap(([name, { mase }]): [string, number][] => (mase === null ? [] : [[name, mase]]));
  return scored.reduce((best, each) => (each[1] < best[1] ? each : best));
}

function percent(share: number | null): string {
  return `${share === null ? "-" : (100 * share).toFixed(0)} %`.padStart(6);
}
