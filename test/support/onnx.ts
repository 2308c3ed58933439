// Builds ONNX models of one node as bytes: the few protobuf messages of onnx.proto that this needs.

/** A tensor that an ONNX model is given or holds. */
export interface OnnxTensor {
  readonly dtype: "float32" | "int32";
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** A model of one node. Inputs that are null are left out of the call. */
export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly (string | null)[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, number | string | readonly string[]>>;
  /** Constants by name; all other inputs are fed. */
  readonly constants: Readonly<Record<string, OnnxTensor>>;
  /** Types of the fed inputs. */
  readonly feeds: Readonly<Record<string, { readonly dtype: OnnxTensor["dtype"]; readonly shape: readonly number[] }>>;
}

const dtypes = { float32: 1, int32: 6 } as const;

/** The bytes of a ModelProto with opset 14. */
export function onnxModel(node: OnnxNode): Uint8Array {
  const graph = [
    ...message(1, nodeProto(node)),
    ...text(2, "test"),
    ...Object.entries(node.constants).flatMap(([name, tensor]) => message(5, tensorProto(name, tensor))),
    ...Object.entries(node.feeds).flatMap(([name, { dtype, shape }]) => message(11, valueInfo(name, dtypes[dtype], shape))),
    ...node.outputs.flatMap((name) => message(12, valueInfo(name, dtypes.float32, null))),
  ];
  const opset = [...text(1, ""), ...integer(2, 14)];
  return Uint8Array.from([...integer(1, 8), ...message(7, graph), ...message(8, opset)]);
}

function nodeProto(node: OnnxNode): number[] {
  return [
    ...node.inputs.flatMap((name) => text(1, name ?? "")),
    ...node.outputs.flatMap((name) => text(2, name)),
    ...text(4, node.op),
    ...Object.entries(node.attributes).flatMap(([name, value]) => message(5, attribute(name, value))),
  ];
}

/** AttributeProto; the type numbers are INT 2, STRING 3, STRINGS 8. */
function attribute(name: string, value: number | string | readonly string[]): number[] {
  if (typeof value === "number") return [...text(1, name), ...integer(3, value), ...integer(20, 2)];
  if (typeof value === "string") return [...text(1, name), ...text(4, value), ...integer(20, 3)];
  return [...text(1, name), ...value.flatMap((word) => text(9, word)), ...integer(20, 8)];
}

function tensorProto(name: string, { dtype, shape, data }: OnnxTensor): number[] {
  const values = dtype === "float32" ? Float32Array.from(data) : Int32Array.from(data);
  return [
    ...shape.flatMap((size) => integer(1, size)),
    ...integer(2, dtypes[dtype]),
    ...text(8, name),
    ...bytes(9, [...new Uint8Array(values.buffer)]),
  ];
}

function valueInfo(name: string, type: number, shape: readonly number[] | null): number[] {
  const dims =
    shape === null
      ? []
      : message(
          2,
          shape.flatMap((size) => message(1, integer(1, size))),
        );
  return [...text(1, name), ...message(2, message(1, [...integer(1, type), ...dims]))];
}

function varint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  while (rest > 127) {
    out.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return [...out, rest];
}

function integer(field: number, value: number): number[] {
  return [...varint(field * 8), ...varint(value)];
}

function bytes(field: number, content: readonly number[]): number[] {
  return [...varint(field * 8 + 2), ...varint(content.length), ...content];
}

function message(field: number, content: readonly number[]): number[] {
  return bytes(field, content);
}

function text(field: number, content: string): number[] {
  return bytes(field, [...new TextEncoder().encode(content)]);
}
