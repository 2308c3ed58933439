// The benches by name: `npm run bench -- core --quick`, `npm run bench -- gemm`.
import { runCore } from "./core/run.js";
import { runForecasts } from "./forecast.js";

/** Each resolves to the exit code; those that few ask for are loaded when they are. */
const benches: Readonly<Record<string, { readonly words: string; run(args: readonly string[]): Promise<number> }>> = {
  core: { words: "the library beside its peers (core --help shows options)", run: runCore },
  gemm: {
    words: "matrix products of every core beside the multiply-add peak",
    run: async () => {
      await import("./core-gemm.js");
      return 0;
    },
  },
  forecast: { words: "NAME FOLDER: whole forecasting competitions beside their published scores", run: runForecasts },
  events: {
    words: "FOLDER: outcomes and missing values of hospital stays (PhysioNet 2012)",
    run: async (args) => (await import("./events.js")).runEvents(args),
  },
  beijing: {
    words: "FOLDER: forecasts of Beijing's air with a fifth of the inputs missing",
    run: async (args) => (await import("./beijing.js")).runBeijing(args),
  },
  prior: {
    words: "the pretrained network of the forecast task, trained again on generated series",
    run: async (args) => (await import("./prior/train.js")).trainPrior(args),
  },
  stream: { words: "microseconds of one streaming step", run: async (args) => (await import("./stream.js")).runStreams(args) },
};

const [name = "", ...args] = process.argv.slice(2);
const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (bench !== undefined) process.exitCode = await bench.run(args);
else {
  for (const [each, { words }] of Object.entries(benches)) process.stderr.write(`npm run bench -- ${each}   ${words}\n`);
  process.exitCode = 2;
}
