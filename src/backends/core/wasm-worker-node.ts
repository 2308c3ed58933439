// A worker of the WebAssembly core in Node.
import { workerData } from "node:worker_threads";
import { serve } from "./wasm-worker-serve.js";

await serve(workerData);
