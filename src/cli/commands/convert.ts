// `deep-rnn convert FROM TO`: models and weights of Keras and PyTorch in and out, with a report of every tensor.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import type { Command } from "commander";
import { DataError } from "../../base/errors.js";
import type { ConversionReport, LayerChoice, Probe } from "../../exchange/index.js";
import { modelCells } from "../cell-file.js";
import type { Context, Start } from "../context.js";
import { answerPlace, backendLine, okEnvelope, startBackend, writeAnswer } from "../context.js";
import type { Warning } from "../envelope.js";
import { toJson } from "../envelope.js";
import { exitCodes, usageError } from "../failure.js";
import { modelFolder } from "../model-path.js";
import type { ModelFlags } from "../options.js";
import { globalOptions, modelCellOption } from "../options.js";
import { path, words } from "../settings/kinds.js";
import { Setting } from "../settings/setting.js";

/** Flags of `convert` as commander hands them over. */
export interface ConvertFlags extends ModelFlags {
  readonly layers?: string;
  readonly probe?: string;
}

const examples = `
Formats, told by the name: .keras, .h5 and .weights.h5 of Keras, .safetensors of PyTorch; anything else is a model of deep-rnn
(a folder, a run folder, or one file ending in .drnn).

Examples:
  $ deep-rnn convert model.keras models/a
  $ deep-rnn convert model.safetensors models/a --layers embedding,lstm,fc:sigmoid --probe probe.safetensors
  $ deep-rnn convert models/a model.safetensors --json`;

/** Describes the verb to commander. */
export function describeConvert(command: Command, start: Start): void {
  command
    .description("Bring a model or its weights from Keras or PyTorch, or take them there; says what became of every tensor.")
    .argument("<from>", "file of Keras or PyTorch, or a model of deep-rnn")
    .argument("<to>", "where it goes; the ending tells the format");
  const options = [
    new Setting("--layers <list>", "for weights alone: layers in order, as in embedding,lstm:sequences,fc:sigmoid", words),
    new Setting("--probe <file>", ".safetensors with input and output that the other framework recorded, to be compared", path("file")),
  ];
  for (const option of [...options, modelCellOption(), ...globalOptions()]) command.addOption(option);
  command.addHelpText("after", examples);
  command.action((from: string, to: string, flags: ConvertFlags) => start((context) => runConvert(from, to, flags, context)));
}

/** Runs the verb: the report goes to stdout, the place of the new file to stderr. */
export async function runConvert(from: string, to: string, flags: ConvertFlags, context: Context): Promise<number> {
  const { terminal } = context;
  const source = formatOf(from);
  const target = formatOf(to);
  checkPair(from, to, source, target, flags);
  const place = answerPlace(context, from, flags);
  const backend = await startBackend(flags);
  const { report, model } =
    source === "ours" ? await takeAway(modelFolder(from), to, target, context) : await bringIn(from, to, source, flags);
  terminal.say(backendLine(backend));
  const warnings = report.notes.map((message): Warning => ({ code: "conversion_note", message }));
  const envelope = okEnvelope(context, { backend, run: place?.given ?? null, model, warnings, result: report });
  await writeAnswer(context, place, envelope, { "parity.txt": `${String(report)}\n` });
  terminal.out(context.json ? toJson(envelope) : String(report));
  terminal.say(`Written: ${to}`);
  return exitCodes.ok;
}

type Format = "keras" | "keras-weights" | "torch" | "ours";

const pickles = /\.(pt|pth|ckpt|pkl|bin)$/i;

function formatOf(path: string): Format {
  if (pickles.test(path)) {
    const hint = "Save the weights so: from safetensors.torch import save_file; save_file(model.state_dict(), 'model.safetensors').";
    throw usageError("torch_pickle", `${path} is named as a pickle of PyTorch, which can run code when it is read.`, hint, path);
  }
  if (/\.onnx$|\.pb$|\.tflite$/i.test(path))
    throw usageError("convert_format", `${path} is of a format that is not converted.`, formats, path);
  if (/\.safetensors$/i.test(path)) return "torch";
  if (/\.keras$/i.test(path)) return "keras";
  if (/\.(h5|hdf5)$/i.test(path)) return "keras-weights";
  return "ours";
}

const formats = "Known are .keras, .h5, .weights.h5, .safetensors, and models of deep-rnn.";

function checkPair(from: string, to: string, source: Format, target: Format, flags: ConvertFlags): void {
  if (!existsSync(from)) throw usageError("convert_missing", `${from} does not exist.`, "", from);
  if (source !== "ours" && statSync(from).isDirectory())
    throw usageError("convert_format", `${from} is a folder, its name that of a file.`, formats, from);
  if (source === "ours" && isFolderOf(from, "saved_model.pb"))
    throw usageError("convert_format", `${from} is a SavedModel of TensorFlow.`, "Save it from Keras: model.save('model.keras').", from);
  if (source === "ours" && target === "ours")
    throw usageError("convert_format", `Neither ${from} nor ${to} is named as a file of another framework.`, formats);
  if (source !== "ours" && target !== "ours")
    throw usageError("convert_format", `${from} and ${to} are both of other frameworks.`, "Convert to a model of deep-rnn first.");
  if (source === "ours" && (flags.layers !== undefined || flags.probe !== undefined))
    throw usageError("convert_format", "--layers and --probe are for weights that come in, not for those that go out.");
  if (existsSync(to) && flags.force !== true && !(statSync(to).isDirectory() && readdirSync(to).length === 0))
    throw usageError("convert_exists", `${to} exists already.`, "Give another name, or --force to replace it.", to);
}

function isFolderOf(path: string, name: string): boolean {
  return statSync(path).isDirectory() && readdirSync(path).includes(name);
}

async function bringIn(
  from: string,
  to: string,
  source: Format,
  flags: ConvertFlags,
): Promise<{ report: ConversionReport; model: string }> {
  const { importKeras, importTorch } = await import("../../exchange/index.js");
  const options = {
    ...(flags.layers === undefined ? {} : { layers: layerList(flags.layers) }),
    ...(flags.probe === undefined ? {} : { probe: await readProbe(flags.probe) }),
  };
  const { model, report } = source === "torch" ? await importTorch(from, options) : await importKeras(from, options);
  await model.save(to);
  return { report, model: to };
}

async function takeAway(
  folder: string,
  to: string,
  target: Format,
  context: Context,
): Promise<{ report: ConversionReport; model: string }> {
  const [{ loadModel }, { exportKeras, exportTorch }, { writeFileAtomically }] = await Promise.all([
    import("../../index.js"),
    import("../../exchange/index.js"),
    import("../../io/folder-node.js"),
  ]);
  const model = await loadModel<unknown>(folder, await modelCells(context));
  const { bytes, report } =
    target === "torch" ? await exportTorch(model) : await exportKeras(model, { weightsOnly: target === "keras-weights" });
  await writeFileAtomically(to, bytes);
  return { report, model: folder };
}

/** Tensors "output" and "input", or inputs by name. */
async function readProbe(file: string): Promise<Probe> {
  if (!existsSync(file)) throw usageError("convert_missing", `${file} does not exist.`, "", file);
  const [{ tensor }, { readSafetensors }] = await Promise.all([import("../../index.js"), import("../../exchange/index.js")]);
  const { tensors } = readSafetensors(readFileSync(file), file, { convert: true });
  const all = new Map([...tensors].map(([name, { data, shape }]) => [name, tensor(Float32Array.from(data), { shape })] as const));
  const output = all.get("output");
  const inputs = [...all].filter(([name]) => name !== "output");
  const [first] = inputs;
  if (output === undefined || first === undefined)
    throw new DataError(
      "bad_probe",
      `${file} must hold the tensors "input" and "output", it holds ${[...all.keys()].join(", ") || "none"}.`,
    );
  return { input: inputs.length === 1 ? first[1] : Object.fromEntries(inputs), output };
}

/** `embedding,lstm:sequences,fc:sigmoid`: names with what weights do not tell. */
function layerList(text: string): readonly LayerChoice[] {
  return text.split(",").map((part) => {
    const [name = "", ...marks] = part.trim().split(":");
    return Object.assign({ name }, ...marks.map(choiceOf));
  });
}

function choiceOf(mark: string): Partial<Exclude<LayerChoice, string>> {
  if (mark === "sequences" || mark === "last") return { returnSequences: mark === "sequences" };
  return mark === "embedding" || mark === "dense" ? { kind: mark } : { activation: mark };
}
