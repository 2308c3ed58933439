// What the form of an index says about its values.

import { isOp, type Node } from "../ir/core/node.js";

/** Ops whose elements are elements of their inputs. */
const moving: ReadonlySet<string> = new Set(["reshape", "transpose", "broadcast", "slice", "concat"]);

/** True if no element can be -1, the index that reads no row. */
export function isNeverNone(index: Node): boolean {
  if (isOp(index, "constant")) return index.attrs.data.every((value: number) => value !== -1);
  if (isOp(index, "input")) return index.attrs.source.kind === "table" && index.attrs.source.table !== "unpack";
  if (isOp(index, "select")) {
    const [condition, yes, no] = [index.inputs[0]!, index.inputs[1]!, index.inputs[2]!];
    return (isNeverNone(yes) || saysNotNegative(condition, yes)) && isNeverNone(no);
  }
  // What reads no row is 0.
  if (isOp(index, "gather")) return isNeverNone(index.inputs[0]!);
  if (moving.has(index.op)) return index.inputs.every(isNeverNone);
  return isOp(index, "iota") || isOp(index, "argmax");
}

/** True if the value is at least 0 wherever the condition holds: 0 ≤ value, alone or with other conditions. */
function saysNotNegative(condition: Node, value: Node): boolean {
  const given = isOp(value, "cast") ? value.inputs[0]! : value;
  if (isOp(condition, "le")) return isZero(condition.inputs[0]!) && [value, given].includes(condition.inputs[1]!);
  if (!isOp(condition, "select")) return false;
  const [first, second, otherwise] = [condition.inputs[0]!, condition.inputs[1]!, condition.inputs[2]!];
  return isZero(otherwise) && (saysNotNegative(first, value) || saysNotNegative(second, value));
}

/** 0, or false, everywhere. */
function isZero(node: Node): boolean {
  return isOp(node, "constant") && node.attrs.data.every((value: number) => value === 0);
}
