// Writes the recurrent layers of a shape as an ONNX model: the few messages of its protobuf schema that are needed, by hand.

import { weightNumbers } from "../../dist/bench/core/numbers.js";
import { gatesOf } from "../../dist/bench/core/shapes.js";

const float = 1;
const int64 = 7;

function varint(value) {
  const bytes = [];
  for (let rest = BigInt(value); ; rest >>= 7n) {
    if (rest < 128n) return Buffer.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 127n) | 128);
  }
}

/** A field with a whole number. */
const whole = (field, value) => Buffer.concat([varint(field << 3), varint(value)]);

/** A field with bytes, text or a message. */
function bytes(field, value) {
  const content = Buffer.from(value);
  return Buffer.concat([varint((field << 3) | 2), varint(content.length), content]);
}

const message = (...fields) => Buffer.concat(fields.flat());

function tensor(name, type, dims, data) {
  const raw = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return message(
    dims.map((size) => whole(1, size)),
    whole(2, type),
    bytes(8, name),
    bytes(9, raw),
  );
}

function valueInfo(name, dims) {
  const shape = message(dims.map((size) => bytes(1, whole(1, size))));
  return message(bytes(1, name), bytes(2, bytes(1, message(whole(1, float), bytes(2, shape)))));
}

function node(op, inputs, outputs, attributes) {
  const asAttribute = ([name, value]) => bytes(5, message(bytes(1, name), whole(3, value), whole(20, 2)));
  return message(
    inputs.map((name) => bytes(1, name)),
    outputs.map((name) => bytes(2, name)),
    bytes(4, op),
    Object.entries(attributes).map(asAttribute),
  );
}

/** Our order of gates in the standard's: i o f c of an LSTM, z r h of a GRU. */
const order = { lstm: [0, 3, 1, 2], gru: [1, 0, 2] };

function reordered(values, shape) {
  const size = values.length / gatesOf[shape.cell];
  const out = new Float32Array(values.length);
  for (const [place, gate] of order[shape.cell].entries()) out.set(values.subarray(gate * size, (gate + 1) * size), place * size);
  return out;
}

/** States of the cell, as they are called in the model: h0, c0, h1, ... */
export function stateNames(shape) {
  return Array.from({ length: shape.layers }, (_, layer) => (shape.cell === "lstm" ? [`h${layer}`, `c${layer}`] : [`h${layer}`])).flat();
}

/** The model's bytes. Inputs `x` and the states; outputs `y` and each state with "Next" behind its name. */
export function onnxModel(shape) {
  const { hidden, batch, time, layers, input } = shape;
  const rows = gatesOf[shape.cell] * hidden;
  const nodes = [];
  const initializers = [tensor("direction", int64, [1], BigInt64Array.of(1n))];
  weightNumbers(shape).layers.forEach((numbers, layer) => {
    const bias = new Float32Array(2 * rows);
    bias.set(reordered(numbers.bias, shape));
    initializers.push(
      tensor(`W${layer}`, float, [1, rows, numbers.inputSize], reordered(numbers.input, shape)),
      tensor(`R${layer}`, float, [1, rows, hidden], reordered(numbers.recurrent, shape)),
      tensor(`B${layer}`, float, [1, 2 * rows], bias),
    );
    const states = shape.cell === "lstm" ? [`h${layer}`, `c${layer}`] : [`h${layer}`];
    const inputs = [layer === 0 ? "x" : `y${layer - 1}`, `W${layer}`, `R${layer}`, `B${layer}`, "", ...states];
    const attributes = { hidden_size: hidden, ...(shape.cell === "gru" ? { linear_before_reset: 1 } : {}) };
    nodes.push(node(shape.cell.toUpperCase(), inputs, [`raw${layer}`, ...states.map((name) => `${name}Next`)], attributes));
    nodes.push(node("Squeeze", [`raw${layer}`, "direction"], [layer === layers - 1 ? "y" : `y${layer}`], {}));
  });
  const stateShape = [1, batch, hidden];
  const names = stateNames(shape);
  const graph = message(
    nodes.map((one) => bytes(1, one)),
    bytes(2, shape.id),
    initializers.map((one) => bytes(5, one)),
    [valueInfo("x", [time, batch, input]), ...names.map((name) => valueInfo(name, stateShape))].map((one) => bytes(11, one)),
    [valueInfo("y", [time, batch, hidden]), ...names.map((name) => valueInfo(`${name}Next`, stateShape))].map((one) => bytes(12, one)),
  );
  return message(whole(1, 8), bytes(7, graph), bytes(8, message(bytes(1, ""), whole(2, 14))));
}
