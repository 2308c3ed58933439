// Clinical events: node bench/events.mjs classify|impute FILE [OUTCOMES]. PhysioNet 2012 set-a: FILE is set-a.tar.gz, OUTCOMES Outcomes-a.txt.
import { cpus } from "node:os";
import { readEvents, stepTable } from "../dist/src/data/index.js";
import { init } from "../dist/src/index.js";
import { classifyEvents, impute } from "../dist/src/tasks/index.js";

const [job, file, outcomes, seed = "0"] = process.argv.slice(2);
const { reason } = await init();
const cpu = () => process.cpuUsage().user / 1e6;
const say = (event) => {
  if (event.kind !== "epoch") return;
  console.error(
    `fold ${event.fold ?? 0} epoch ${event.epoch}/${event.epochs} loss ${event.loss.toFixed(4)} ${event.valLoss.toFixed(4)} ${cpu().toFixed(0)} s`,
  );
};
const started = performance.now();
const events = await readEvents(file);
const onEvent = say;
const run =
  job === "classify"
    ? await classifyEvents(events, outcomes, { folds: 5, seed: Number(seed), onEvent })
    : await impute(stepTable(events), { id: "id", time: "time", seed: Number(seed), onEvent });
const { evaluation, training, network } = run;
const { columns: _columns, ...scores } = evaluation;
const seconds = { wall: (performance.now() - started) / 1000, cpu: cpu() };
console.log(JSON.stringify({ job, seed, machine: cpus()[0]?.model, reason, seconds, network, training, evaluation: scores }, null, 1));
