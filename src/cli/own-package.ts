// Module hooks for a user's cell file: its "deep-rnn" is the package that runs, wherever the file lies, and a .js file is an ES module.
import type { InitializeHook, ResolveHook } from "node:module";

let cellFile = "";

export const initialize: InitializeHook<string> = (url) => {
  cellFile = url;
};

// A second copy of the library would trace tensors that the first one does not know.
export const resolve: ResolveHook = async (specifier, context, next) => {
  const isOurs = specifier === "deep-rnn" || specifier.startsWith("deep-rnn/");
  const found = await next(specifier, isOurs ? { ...context, parentURL: import.meta.url } : context);
  return found.url === cellFile && found.url.endsWith(".js") ? { ...found, format: "module" } : found;
};
