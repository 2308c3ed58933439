// A worker of the WebAssembly core in a browser: waits for its start message, then serves.
import { serve, type WorkerStart } from "./wasm-worker-serve.js";

interface Scope {
  onmessage: ((event: { readonly data: WorkerStart }) => void) | null;
}

const scope = globalThis as unknown as Scope;
scope.onmessage = ({ data }) => {
  void serve(data);
};
