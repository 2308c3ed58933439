// Parts of a file that holds weights only: what each can become, and the order they come in, from the caller or from names and shapes.

import { DataError, UsageError } from "../base/errors.js";
import { atFile } from "../io/at-file.js";
import { activations } from "../nn/activations.js";
import { checkOptions } from "../nn/options.js";
import { checkNames } from "../nn/suggest.js";
import type { ForeignLayer } from "./foreign-layer.js";

/** What a file of weights cannot say about a part. */
export interface BlockChoice {
  readonly activation: string | null;
  readonly returnSequences: boolean;
}

/** A part of a file of weights: one module of PyTorch, one layer of Keras. */
export interface Block {
  readonly name: string;
  readonly kind: "embedding" | "conv" | "recurrent" | "dense" | "norm";
  /** Features that it reads; null for token numbers. */
  readonly inputSize: number | null;
  readonly outputSize: number;
  /** The layers it becomes; several for a stack. */
  make(choice: BlockChoice): ForeignLayer[];
}

/** One part in the order of the network, with what the file does not say. */
export type LayerChoice =
  | string
  | {
      readonly name: string;
      /** Of a dense layer or a convolution (linear unless given) or of a simple recurrent one (tanh). */
      readonly activation?: string;
      /** All steps, or only the last. Default: all steps where a layer that reads sequences follows, or nothing. */
      readonly returnSequences?: boolean;
      /** Tells a table of embeddings from a dense layer without bias. */
      readonly kind?: "embedding" | "dense";
    };

/** The choices as records, checked; throws UsageError `bad_layers`, `unknown_activation`. */
export function readChoices(layers: readonly LayerChoice[]): Exclude<LayerChoice, string>[] {
  if (!Array.isArray(layers)) throw badLayers("layers must be a list of names or records");
  return layers.map((given: LayerChoice) => {
    const choice = typeof given === "string" ? { name: given } : given;
    checkOptions("layers", choice, { name: "any", activation: "any", returnSequences: "boolean", kind: "any" });
    if (typeof choice.name !== "string") throw badLayers("each of the layers needs a name");
    if (choice.activation !== undefined) checkNames("layers", "activation", [choice.activation], Object.keys(activations));
    if (choice.kind !== undefined) checkNames("layers", "kind", [choice.kind], ["embedding", "dense"]);
    return choice;
  });
}

/** Blocks in order, made to layers. */
export interface Chain {
  readonly layers: readonly ForeignLayer[];
  readonly inputShape: readonly (number | "time")[];
  readonly notes: readonly string[];
}

/**
 * Orders the blocks and makes their layers.
 *
 * @throws UsageError `unknown_layer`; DataError `layers_unknown_order`
 */
export function chainOf(blocks: readonly Block[], choices: readonly Exclude<LayerChoice, string>[] | null, file: string): Chain {
  const { ordered, notes } = choices === null ? inLikelyOrder(blocks, file) : { ordered: chosen(blocks, choices, file), notes: [] };
  const choiceOf = new Map((choices ?? []).map((choice) => [choice.name, choice]));
  const spoken: string[] = [];
  const layers = ordered.flatMap((block, index) => {
    const choice = choiceOf.get(block.name);
    const next = ordered.slice(index + 1).find(({ kind }) => kind !== "norm");
    const returnSequences = choice?.returnSequences ?? (next === undefined || readsSequences(next));
    if (block.kind === "recurrent" && choice?.returnSequences === undefined)
      spoken.push(`"${block.name}" gives ${returnSequences ? "every step" : "its last step"}; say returnSequences if it should not.`);
    if (block.kind === "conv") spoken.push(`"${block.name}" is read with stride 1 and without padding: weights do not tell.`);
    const isInside = block.kind === "conv" || (block.kind === "dense" && index < ordered.length - 1);
    if (isInside && choice?.activation === undefined)
      spoken.push(`"${block.name}" has no activation: weights do not tell one. Give it in layers if there was one behind it.`);
    return block.make({ activation: choice?.activation ?? null, returnSequences });
  });
  return { layers, inputShape: inputShape(ordered, file), notes: [...notes, ...spoken] };
}

function inputShape(ordered: readonly Block[], file: string): readonly (number | "time")[] {
  const [first] = ordered;
  if (first === undefined) throw new DataError("no_weights", `${file} holds no weights of a layer.`, "", atFile(file));
  if (first.inputSize === null) return ["time"];
  return ordered.some(readsSequences) ? ["time", first.inputSize] : [first.inputSize];
}

function readsSequences({ kind }: Block): boolean {
  return kind === "recurrent" || kind === "conv";
}

function chosen(blocks: readonly Block[], choices: readonly { readonly name: string }[], file: string): Block[] {
  return choices.map(({ name }) => {
    const block = blocks.find((each) => each.name === name);
    if (block !== undefined) return block;
    const what = `${file} has no layer "${name}"; its layers are ${blocks.map((each) => each.name).join(", ") || "none"}`;
    throw new UsageError({ code: "unknown_layer", what });
  });
}

/** Blocks in the one order that names suggest and shapes allow; sizes that follow each other are what a chain is. */
function inLikelyOrder(blocks: readonly Block[], file: string): { ordered: readonly Block[]; notes: string[] } {
  const likely = [...blocks].sort(byLikelyPlace);
  const ordered = fits(likely) ? likely : onlyChain(likely, file);
  if (ordered.length < 2) return { ordered, notes: [] };
  return { ordered, notes: [`Order from names and shapes: ${ordered.map(({ name }) => name).join(", ")}. Give layers if it was another.`] };
}

const ranks: Readonly<Record<Block["kind"], number>> = { embedding: 0, conv: 1, recurrent: 2, norm: 3, dense: 3 };
const natural = new Intl.Collator("en", { numeric: true });

function byLikelyPlace(a: Block, b: Block): number {
  // Modules of a Sequential are called by their number, which is their place.
  const numbered = /^\d+$/.test(a.name) && /^\d+$/.test(b.name);
  return (numbered ? 0 : ranks[a.kind] - ranks[b.kind]) || natural.compare(a.name, b.name);
}

function fits(blocks: readonly Block[]): boolean {
  return blocks.every((block, index) => index === 0 || follows(blocks[index - 1]!, block));
}

function follows(before: Block, after: Block): boolean {
  return after.inputSize === before.outputSize;
}

const searchLimit = 10_000;
/** Beyond this an order has to be told. */
const searchedBlocks = 100;

function onlyChain(blocks: readonly Block[], file: string): readonly Block[] {
  const found: Block[][] = [];
  let tried = 0;
  const extend = (chain: readonly Block[]): void => {
    tried += 1;
    if (found.length > 1 || tried > searchLimit) return;
    if (chain.length === blocks.length) found.push([...chain]);
    const last = chain.at(-1);
    for (const block of blocks) {
      if (!chain.includes(block) && (last === undefined || follows(last, block))) extend([...chain, block]);
    }
  };
  if (blocks.length <= searchedBlocks) extend([]);
  const [only] = found;
  if (only !== undefined && found.length === 1 && tried <= searchLimit) return only;
  const parts = blocks.map(({ name, inputSize, outputSize }) => `${name} (${inputSize ?? "tokens"} to ${outputSize})`).join(", ");
  const what = `${file} does not tell the order of its layers ${parts}: ${blocks.length > searchedBlocks ? "there are too many to try" : found.length === 0 ? "no order fits" : "several fit"}.`;
  throw new DataError(
    "layers_unknown_order",
    what,
    "Give them in order: layers in the library, --layers a,b,c on the command line.",
    atFile(file),
  );
}

function badLayers(what: string): UsageError {
  return new UsageError({ code: "bad_layers", what, hint: 'As in layers: ["embedding", "lstm", { name: "fc", activation: "sigmoid" }].' });
}
