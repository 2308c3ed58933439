// The README.md inside a model folder: what the model takes and gives, and how to load it.

import type { ModelDocument, PortSchema } from "./model-file.js";

/** Markdown for people who find the folder without its program. */
export function modelReadme(document: ModelDocument): string {
  const weights = Object.entries(document.weights);
  const parameters = weights.reduce((sum, [, { shape }]) => sum + shape.reduce((product, size) => product * size, 1), 0);
  const task = document.task === null ? "" : ` for the task \`${document.task}\``;
  const trained =
    document.compile === null ? "" : `Trained with ${document.compile.optimizer.name}, loss ${JSON.stringify(document.compile.loss)}.\n\n`;
  return `# A deep-rnn model

A recurrent network${task} with ${parameters.toLocaleString("en-US")} parameters, saved by deep-rnn (format version ${document.formatVersion}).

${trained}## Inputs

${portTable(document.inputs)}

## Outputs

${portTable(document.outputs)}

## Files

- \`model.json\`: layers, wiring, cells with their gate order, input and output schema
- \`weights.safetensors\`: the weights, named \`layer/weight\`

## Weights

| weight | shape | gates, in column order |
|---|---|---|
${weights.map(([path, { shape, gates }]) => `| \`${path}\` | ${showSizes(shape)} | ${gates === null ? "" : gates.join(", ")} |`).join("\n")}

## Use

\`\`\`ts
import { loadModel } from "deep-rnn";

const model = await loadModel("path/to/this/folder");
const out = await model.predict(x);
\`\`\`

Loading runs no code from this folder.
`;
}

function portTable(ports: readonly PortSchema[]): string {
  const rows = ports.map(({ name, shape, dtype }) => `| ${name ?? "(unnamed)"} | ${showSizes(["batch", ...shape])} | ${dtype} |`);
  return ["| name | shape | type |", "|---|---|---|", ...rows].join("\n");
}

function showSizes(shape: readonly (number | string)[]): string {
  return `[${shape.join(", ")}]`;
}
