// Clinical events: `npm run bench -- events FOLDER`; the folder holds set-a.tar.gz and Outcomes-a.txt of PhysioNet/CinC 2012.
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readEvents, stepTable } from "../src/data/index.js";
import { init } from "../src/index.js";
import { classifyEvents, impute } from "../src/tasks/index.js";

const usage = "npm run bench -- events FOLDER [--only classify|impute] [--seed N]\n";

/** Five folds of in-hospital death, and imputation of a tenth that was hidden; scores as JSON. Resolves to the exit code. */
export async function runEvents(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { only: { type: "string" }, seed: { type: "string", default: "0" } },
  });
  const [folder] = positionals;
  const seed = Number(values.seed);
  if (folder === undefined || !Number.isInteger(seed)) {
    process.stderr.write(usage);
    return 2;
  }
  const { reason } = await init();
  const file = join(folder, "set-a.tar.gz");
  const jobs = {
    classify: async () => classifyEvents(file, join(folder, "Outcomes-a.txt"), { folds: 5, seed, onEvent: say }),
    impute: async () => impute(stepTable(await readEvents(file)), { id: "id", time: "time", seed, onEvent: say }),
  };
  for (const [name, job] of Object.entries(jobs)) {
    if (values.only !== undefined && values.only !== name) continue;
    const [started, before] = [performance.now(), cpu()];
    const { evaluation, training, network } = await job();
    const seconds = { wall: (performance.now() - started) / 1000, cpu: cpu() - before };
    const scores = "columns" in evaluation ? { ...evaluation, columns: undefined } : evaluation;
    const report = { job: name, seed, machine: cpus()[0]?.model, reason, seconds, network, training, evaluation: scores };
    process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
  }
  return 0;
}

interface Epoch {
  readonly kind: string;
  readonly fold?: number;
  readonly epoch?: number;
  readonly epochs?: number;
  readonly loss?: number;
  readonly valLoss?: number;
}

function say({ kind, fold = 0, epoch, epochs, loss, valLoss }: Epoch): void {
  if (kind !== "epoch") return;
  process.stderr.write(`fold ${fold} epoch ${epoch}/${epochs} loss ${loss?.toFixed(4)} ${valLoss?.toFixed(4)} ${cpu().toFixed(0)} s\n`);
}

function cpu(): number {
  return process.cpuUsage().user / 1e6;
}
