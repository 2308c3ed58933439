// The pretrained network of the forecast task, made again: `npm run bench -- prior`. Trains on generated series alone, and writes its weights.
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { abs, adamw, add, type Callback, cosineSchedule, div, init, sub, type Tensor } from "../../src/index.js";
import { encodeWeights } from "../../src/tasks/forecast/prior/weights.js";
import { examplesOf } from "./examples.js";
import { priorNetwork, priorWeightsOf } from "./network.js";

const batchSize = 128;
/** Errors of wild series count less: e / (1 + e / 10). */
const tamed = 10;

/** `npm run bench -- prior [--series N] [--epochs N] [--seed N] [--out FILE]`. Resolves to the exit code. */
export async function trainPrior(args: readonly string[]): Promise<number> {
  const option = (name: string, usual: number): number => {
    const at = args.indexOf(name);
    return at < 0 ? usual : Number(args[at + 1]);
  };
  const at = args.indexOf("--out");
  const out = at < 0 ? fileURLToPath(new URL("../../../src/tasks/forecast/prior/stored-weights.ts", import.meta.url)) : args[at + 1]!;
  const [count, epochs, seed] = [option("--series", 40_000), option("--epochs", 4), option("--seed", 1)];
  await init();
  const data = examplesOf(seed, 0, count);
  const validation = examplesOf(seed + 1, 0, 1000);
  const steps = epochs * Math.ceil(data.rows / batchSize);
  process.stderr.write(`${data.rows} origins of ${count} generated series, ${steps} steps, ${seconds()} s of processor time\n`);
  const model = priorNetwork();
  const schedule = cosineSchedule({ learningRate: 2e-3, steps, warmupSteps: 100 });
  model.compile({ optimizer: adamw({ learningRate: schedule, weightDecay: 1e-3, clipNorm: 1 }), loss: tamedError });
  const onEpoch: Callback = {
    name: "written",
    async onEpochEnd({ epoch, logs }) {
      process.stderr.write(`epoch ${epoch}: ${JSON.stringify(logs)}, ${seconds()} s of processor time\n`);
      await writeFile(out, fileOf(encodeWeights(priorWeightsOf(model))));
    },
  };
  await model.fit(data.x, data.y, {
    ...{ epochs, batchSize, seed, verbose: "silent" as const },
    validationData: [validation.x, validation.y],
    callbacks: [onEpoch],
  });
  return 0;
}

/** |e| / (1 + |e| / 10), by element. */
function tamedError(actual: Tensor, predicted: Tensor): Tensor {
  const size = abs(sub(actual, predicted));
  return div(size, add(1, div(size, tamed)));
}

function seconds(): string {
  return (process.cpuUsage().user / 1e6).toFixed(0);
}

function fileOf(text: string): string {
  return `// The weights of the pretrained network, written by \`npm run bench -- prior\` (docs/forecast.md).\n\nexport const storedWeights: string =\n  "${text}";\n`;
}
