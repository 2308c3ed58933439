// Air of Beijing with holes in what the network reads: `npm run bench -- beijing FOLDER`; the folder holds pollution.csv.gz (UCI Beijing PM2.5).
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { uniformAt } from "../src/base/random.js";
import { type PanelWindows, panel, panelWindows, readTable, type WindowPlaces } from "../src/data/index.js";
import { adam, add, dense, earlyStopping, functional, gru, init, recurrent, type Tensor, tensor, withDecay } from "../src/index.js";

const usage = "npm run bench -- beijing FOLDER [--seed N] [--epochs N] [--units N] [--every N]\n";

/** Hours read, and what each run forecasts. */
const input = 48;
const horizons = [1, 24];
const shares = [0, 0.2];
/** Hours of 2013, which stops the training, and of 2014, which is scored. */
const year = 8760;

interface Settings {
  readonly seed: number;
  readonly epochs: number;
  readonly units: number;
  /** Every so manieth window is trained on. */
  readonly every: number;
}

/** Trains on 2010 to 2012 with complete inputs and with a fifth removed, and prints the errors of 2014 where there is a target. */
export async function runBeijing(args: readonly string[]): Promise<number> {
  const number = (standard: number): { type: "string"; default: string } => ({ type: "string", default: String(standard) });
  const options = { seed: number(0), epochs: number(6), units: number(64), every: number(1) };
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
  const settings = { seed: Number(values.seed), epochs: Number(values.epochs), units: Number(values.units), every: Number(values.every) };
  const [folder] = positionals;
  if (folder === undefined || Object.values(settings).some((value) => !Number.isInteger(value))) {
    process.stderr.write(usage);
    return 2;
  }
  const { reason } = await init();
  const table = await readTable(join(folder, "pollution.csv.gz"));
  const hours = panel(table, {
    time: "year,month,day,hour",
    target: "pm2.5",
    past: ["DEWP", "TEMP", "PRES", "cbwd", "Iws", "Is", "Ir"],
  });
  process.stdout.write(`${cpus()[0]?.model}, ${reason}; ${Object.entries(settings).flat().join(" ")}\n`);
  for (const horizon of horizons) {
    const windows = panelWindows(hours, { input, horizon, validation: year, test: year, calendar: ["hour"] });
    const errors: number[] = [];
    for (const share of shares) {
      const [started, before] = [performance.now(), process.cpuUsage().user];
      const { rmse, last, points, epochs } = await score(windows, share, settings);
      errors.push(rmse);
      const time = `${((performance.now() - started) / 1000).toFixed(0)} s, ${((process.cpuUsage().user - before) / 1e6).toFixed(0)} s of processor time`;
      process.stdout.write(
        `next ${horizon} h, ${100 * share} % of the inputs removed: RMSE ${rmse.toFixed(2)} at ${points} values, last seen value ${last.toFixed(2)}; ${epochs} epochs, ${time}\n`,
      );
    }
    process.stdout.write(`next ${horizon} h: RMSE grows by ${(100 * (errors[1]! / errors[0]! - 1)).toFixed(1)} %\n`);
  }
  return 0;
}

interface Scores {
  readonly rmse: number;
  /** Error of saying that the last value seen in the window stays. */
  readonly last: number;
  readonly points: number;
  readonly epochs: number;
}

async function score(windows: PanelWindows, share: number, { seed, epochs, units, every }: Settings): Promise<Scores> {
  const setOf = (places: WindowPlaces): Part => partOf(windows, places, { share, seed });
  const some = (values: Int32Array): Int32Array => values.filter((_, n) => n % every === 0);
  const train = setOf({ series: some(windows.train.series), origins: some(windows.train.origins) });
  const [validation, test] = [setOf(windows.validation), setOf(windows.test)];
  const horizon = train.y.shape[1]!;
  const model = functional(
    { read: recurrent(withDecay(gru), { units }), say: dense({ units: horizon, kernelInitializer: "zeros" }) },
    (l, { x, last }: { x: Tensor; last: Tensor }) => add(l.say(l.read(x)), last),
  );
  model.build({ x: ["time", windows.columns.length], last: [1] }, { seed });
  model.compile({ optimizer: adam({ learningRate: 1e-3 }), loss: "mse" });
  const history = await model.fit(train.x, train.y, {
    ...{ epochs, seed, batchSize: 64, verbose: "silent" },
    validationData: { x: validation.x, y: validation.y },
    callbacks: [
      earlyStopping({ patience: 3 }),
      {
        name: "say",
        onEpochEnd: ({ epoch, logs }) => void process.stderr.write(`${epoch} ${logs.loss?.toFixed(4)} ${logs.valLoss?.toFixed(4)}\n`),
      },
    ],
  });
  const predicted = windows.inverse(await model.predict(test.x, { batchSize: 256 }), windows.test);
  const { last } = test.x;
  const stays = tensor(
    Float32Array.from(test.y.data, (_, n) => last.data[Math.floor(n / horizon)]!),
    { shape: test.y.shape },
  );
  const { rmse, points } = rmseOf(predicted, test.actual);
  return { rmse, points, last: rmseOf(windows.inverse(stays, windows.test), test.actual).rmse, epochs: history.epochs };
}

interface Part {
  readonly x: { readonly x: Tensor; readonly last: Tensor };
  readonly y: Tensor;
  readonly actual: Tensor;
}

/** Removes cells of the measured columns, each by its own draw and in every window that reads it; the four winds are one column. */
function partOf(windows: PanelWindows, places: WindowPlaces, { share, seed }: { readonly share: number; readonly seed: number }): Part {
  const batch = windows.take(places);
  const [count, time, columns] = batch.x.shape as [number, number, number];
  const inputs = windows.columns.map((name) => name.replace(/=.*/, ""));
  const known = inputs.map((name) => name.startsWith("hour "));
  const draws = inputs.map((name) => inputs.indexOf(name));
  const x = Float32Array.from(batch.x.data, (value, at) => (batch.mask.data[at] === 0 ? Number.NaN : value));
  const last = new Float32Array(count);
  for (let n = 0; n < count; n++)
    for (let t = 0; t < time; t++) {
      const row = places.origins[n]! - time + t;
      const from = (n * time + t) * columns;
      for (let column = 0; column < columns; column++)
        if (!known[column]! && uniformAt(seed, draws[column]!, row) < share) x[from + column] = Number.NaN;
      if (!Number.isNaN(x[from]!)) last[n] = x[from]!;
    }
  const y = Float32Array.from(batch.y.data, (value, at) => (batch.yMask.data[at] === 0 ? Number.NaN : value));
  return {
    x: { x: tensor(x, { shape: batch.x.shape }), last: tensor(last, { shape: [count, 1] }) },
    y: tensor(y, { shape: batch.y.shape }),
    actual: batch.actual,
  };
}

function rmseOf(predicted: Tensor, actual: Tensor): { readonly rmse: number; readonly points: number } {
  let [squares, points] = [0, 0];
  for (let at = 0; at < actual.data.length; at++) {
    const value = actual.data[at]!;
    if (Number.isNaN(value)) continue;
    squares += (predicted.data[at]! - value) ** 2;
    points++;
  }
  return { rmse: Math.sqrt(squares / points), points };
}
