// `npm run bench -- core`: measures, prints tables as they come, writes JSON.
import { writeFile } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";
import { nativeVariants } from "../../src/backends/core/native-node.js";
import { canPin } from "./child.js";
import { extraGroups, firstCallGroups, type Group, shapeGroups } from "./groups.js";
import { measureGroup, type Outcomes, type Pace } from "./measure.js";
import { type Options, readOptions, usage } from "./options.js";
import { contention, extraLines, rowLines, shapeLines } from "./report.js";
import { rowsOf, verdictOf } from "./rows.js";
import { operationsOf } from "./shapes.js";

/** Bursts and waits of both kinds of run; first calls are of fresh processes. */
const paces = {
  quick: { rounds: 3, burstMs: 150, limitMs: 45_000, warmMs: 2500, firstCalls: 1 },
  full: { rounds: 5, burstMs: 400, limitMs: 150_000, warmMs: 20_000, firstCalls: 5 },
} as const;

function machineFacts(): Readonly<Record<string, unknown>> {
  const [first] = cpus();
  return {
    cpu: first?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    nativeVariants: nativeVariants(),
    pinned: canPin,
    load: loadavg().map((value) => Number(value.toFixed(2))),
  };
}

const print = (lines: readonly string[]): void => {
  process.stdout.write(`${lines.join("\n")}\n\n`);
};

/** Runs the bench; resolves to the exit code. */
export async function runCore(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    process.stdout.write(usage);
    return 0;
  }
  let options: Options;
  try {
    options = readOptions(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  const start = performance.now();
  const { firstCalls, ...speed } = options.quick ? paces.quick : paces.full;
  const pace: Pace = { ...speed, clock: options.clock };
  const machine = machineFacts();
  const command = ["npm run bench -- core", ...args].join(" ");
  print([command, `${machine.cpu}, ${machine.cores} cores, node ${machine.node}, load ${(machine.load as number[])[0]}`]);
  if (!canPin) print(["There is no taskset here: children are not held on one core."]);

  const results = new Map<string, Outcomes>();
  const groups: Group[] = [];
  const measure = async (group: Group, lines: typeof shapeLines | null): Promise<void> => {
    const outcomes = await measureGroup(group.contestants, pace);
    results.set(group.id, outcomes);
    groups.push(group);
    if (lines !== null) print(lines(group, outcomes));
  };
  for (const group of shapeGroups(options, { native: nativeVariants() }, pace)) await measure(group, shapeLines);
  for (const group of extraGroups(options, pace)) await measure(group, extraLines);
  for (const group of firstCallGroups(options, pace, firstCalls)) await measure(group, null);

  const rows = rowsOf(results);
  if (rows.length > 0) print(rowLines(rows));
  const noise = contention([...results.values()]);
  const seconds = Math.round((performance.now() - start) / 1000);
  print([
    `${seconds} s. Times are medians of ${pace.rounds} interleaved bursts by ${pace.clock} time.`,
    ...(noise === null ? [] : [noise]),
  ]);
  if (options.json !== null) {
    const measured = groups.map(({ id, title, shape }) => ({
      id,
      title,
      operations: operationsOf(shape),
      systems: Object.fromEntries(results.get(id) ?? []),
    }));
    const judged = rows.map((row) => ({ ...row, reached: verdictOf(row) }));
    const content = { version: 1, command, date: new Date().toISOString(), seconds, machine, pace, noise, rows: judged, groups: measured };
    await writeFile(options.json, `${JSON.stringify(content, null, 1)}\n`);
  }
  return 0;
}
