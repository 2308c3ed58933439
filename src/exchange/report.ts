// The parity report: what became of every tensor on its way between frameworks, and how far outputs are apart.

/** One weight and where it came from or went to. */
export interface TensorMatch {
  /** `layer/weight`, as in the model. */
  readonly weight: string;
  /** Shape in the model. */
  readonly shape: readonly number[];
  /** Names in the other framework's file; several where biases are added or gates are taken apart. Empty: filled with zeros. */
  readonly foreign: readonly string[];
  readonly foreignShapes: readonly (readonly number[])[];
  /** Rows and columns were exchanged. */
  readonly transposed: boolean;
  /** Order of the gates in the file and in the model; null without gates. */
  readonly gates: { readonly foreign: readonly string[]; readonly ours: readonly string[] } | null;
}

/** Outputs beside reference figures. */
export interface ProbeResult {
  readonly elements: number;
  readonly maxDifference: number;
}

/** What a conversion did. `String(report)` is a table for people. */
export interface ConversionReport {
  readonly format: "keras" | "keras-weights" | "torch";
  readonly direction: "import" | "export";
  readonly layers: readonly { readonly name: string; readonly kind: string; readonly foreign: string }[];
  readonly parameters: number;
  readonly tensors: readonly TensorMatch[];
  /** Tensors of the file that no weight needs. */
  readonly leftOver: readonly { readonly name: string; readonly shape: readonly number[]; readonly reason: string }[];
  /** What a person should know: assumptions about order, activations, masks. */
  readonly notes: readonly string[];
  /** Null if no reference outputs were given. */
  readonly probe: ProbeResult | null;
  toString(): string;
}

/** Adds the words to the facts. */
export function makeReport(facts: Omit<ConversionReport, "toString">): ConversionReport {
  return Object.defineProperty({ ...facts }, "toString", { value: () => words(facts), enumerable: false });
}

function words({ layers, tensors, leftOver, notes, probe, parameters }: Omit<ConversionReport, "toString">): string {
  const rows = tensors.map(({ weight, shape, foreign, foreignShapes, ...how }) => [
    weight,
    sizes(shape),
    foreign.length === 0 ? "(zeros)" : foreign.join(" + "),
    foreignShapes.map(sizes).join(" + "),
    change(how),
  ]);
  const table = aligned([["weight", "shape", "in the other file", "shape", "change"], ...rows]);
  return [
    `${layers.length} layers, ${tensors.length} weights, ${parameters.toLocaleString("en-US")} parameters.`,
    ...layers.map(({ name, kind, foreign }) => `  ${name} (${kind}): ${foreign}`),
    "",
    ...table,
    ...leftOver.map(({ name, shape, reason }) => `left over: ${name} ${sizes(shape)}, ${reason}`),
    ...notes.map((note) => `note: ${note}`),
    probe === null ? "" : `largest difference of ${probe.elements} outputs from the reference: ${probe.maxDifference.toExponential(2)}`,
  ]
    .filter((line, index) => line !== "" || index < layers.length + 2)
    .join("\n");
}

function change({ transposed, gates }: Pick<TensorMatch, "transposed" | "gates">): string {
  const turned = transposed ? ["transposed"] : [];
  const order =
    gates === null
      ? []
      : [gates.foreign.join() === gates.ours.join() ? "same gate order" : `gates ${gates.foreign.join(" ")} to ${gates.ours.join(" ")}`];
  return [...turned, ...order].join(", ") || "as it is";
}

function sizes(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
