// Reading and writing by index: take, scatterAdd, one-hot vectors.

import type { Dim } from "../base/dim.js";
import type { Tensor } from "../base/tensor.js";
import { emit } from "../trace/emit.js";
import { domainOf, physical, unpack } from "../trace/packed.js";
import { asValue } from "../trace/traced.js";
import { castValue } from "./align.js";
import { iota } from "./create.js";
import { cast, equal } from "./pointwise.js";
import { expandDims } from "./shape.js";

/**
 * Rows of a table [R, ...] by index [...]. -1 gives zeros.
 *
 * @throws RunError `index_out_of_range` when the values are used, for other indices outside [0, R)
 * @example take(tensor([[1, 2], [3, 4]]), tensor([1, 0, -1], { dtype: "int32" })) // → [[3, 4], [1, 2], [0, 0]]
 */
export function take(table: Tensor, index: Tensor): Tensor {
  const ids = castValue(asValue(index), "int32");
  return emit("gather", [unpack(asValue(table)), physical(ids)], null, domainOf(ids));
}

/**
 * Sums of the source's entries by index, in index order: [rows, ...]; -1 is dropped.
 *
 * @example scatterAdd(tensor([1, 2, 4]), tensor([0, 1, 0], { dtype: "int32" }), 2) // → [5, 2]
 */
export function scatterAdd(source: Tensor, index: Tensor, rows: Dim): Tensor {
  return emit("scatterAdd", [unpack(asValue(source)), castValue(unpack(asValue(index)), "int32")], { rows });
}

/**
 * 1 at each index, 0 elsewhere: [..., classes] float32. An index outside gives zeros.
 *
 * @example oneHot(tensor([2, 0], { dtype: "int32" }), 3) // → [[0, 0, 1], [1, 0, 0]]
 */
export function oneHot(index: Tensor, classes: number): Tensor {
  const ids = castValue(asValue(index), "int32");
  return cast(equal(expandDims(ids, -1), iota(classes)), "float32");
}
