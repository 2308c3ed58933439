// One child process of this library: one task on one backend, which the environment chose.
import { init } from "deep-rnn";
import type { Machine, Unavailable } from "../../src/backends/core/machine.js";
import { loadNative } from "../../src/backends/core/native-node.js";
import { loadWasm } from "../../src/backends/core/wasm.js";
import { jobFor } from "./jobs.js";
import { Missing } from "./networks.js";
import { type Job, serve } from "./serve.js";
import type { Task } from "./task.js";

const [given = ""] = process.argv.slice(2);
await serve(await job(JSON.parse(given) as Task));

async function job(task: Task): Promise<Job | { readonly missing: string }> {
  try {
    const info = await init();
    const machine = await (info.backend === "wasm" ? loadWasm({}) : loadNative({}));
    const made = await jobFor(task);
    return { ...made, facts: { ...made.facts, backend: info }, ...peakOf(machine) };
  } catch (error) {
    if (error instanceof Missing) return { missing: error.message };
    // A backend that is not on this machine is no failure of the bench; anything else is shown in full.
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}

/** The peak, measured for a few milliseconds right after each burst. */
function peakOf(machine: Machine | Unavailable): Pick<Job, "peak"> {
  if ("unavailable" in machine) return {};
  const rounds = 2e4;
  return {
    peak: () => {
      let best = 0;
      for (let i = 0; i < 5; i++) {
        const start = performance.now();
        const operations = machine.peak(rounds);
        best = Math.max(best, operations / (performance.now() - start) / 1e6);
      }
      return best;
    },
  };
}
