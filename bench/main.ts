// The benches by name: `npm run bench -- core --quick`, `npm run bench -- gemm`.
import { runCore } from "./core/run.js";
import { runForecasts } from "./forecast.js";

const [name, ...args] = process.argv.slice(2);
if (name === "core") process.exitCode = await runCore(args);
else if (name === "forecast") process.exitCode = await runForecasts(args);
else if (name === "gemm") await import("./core-gemm.js");
else {
  process.stderr.write("npm run bench -- core   the library beside its peers (core --help shows options)\n");
  process.stderr.write("npm run bench -- gemm   matrix products of every core beside the multiply-add peak\n");
  process.stderr.write("npm run bench -- forecast NAME FOLDER   whole forecasting competitions beside their published scores\n");
  process.exitCode = 2;
}
