// The tile instructions of two and three operands, and the integer ones, against plain TypeScript.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { MicroOpcode } from "../../src/ir/lowered/opcodes.js";
import { Assembly, allMachines, type Micro, titleOf } from "./assemble.js";
import { float, specials, stream } from "./numbers.js";

type Binary = (a: number, b: number) => number;

const floatLaws: Partial<Record<MicroOpcode, Binary>> = {
  add: (a, b) => float(a + b),
  sub: (a, b) => float(a - b),
  mul: (a, b) => float(a * b),
  div: (a, b) => float(a / b),
  min: Math.min,
  max: Math.max,
};
const compareLaws: Partial<Record<MicroOpcode, Binary>> = {
  lt: (a, b) => Number(a < b),
  le: (a, b) => Number(a <= b),
  eq: (a, b) => Number(a === b),
};
const integerLaws: Partial<Record<MicroOpcode, Binary>> = {
  addI: (a, b) => (a + b) | 0,
  subI: (a, b) => (a - b) | 0,
  mulI: Math.imul,
  minI: Math.min,
  maxI: Math.max,
  ltI: (a, b) => Number(a < b),
  leI: (a, b) => Number(a <= b),
  eqI: (a, b) => Number(a === b),
};
const unaryLaws: Partial<Record<MicroOpcode, (a: number) => number>> = {
  negI: (a) => -a | 0,
  absI: (a) => Math.abs(a) | 0,
  toFloat: float,
  toBoolI: (a) => Number(a !== 0),
};
const fromFloat: Partial<Record<MicroOpcode, (a: number) => number>> = {
  toInt: (a) => (Number.isNaN(a) ? 0 : Math.max(-2147483648, Math.min(2147483647, Math.trunc(a)))),
  toBool: (a) => Number(a !== 0),
};

const integers = [0, 1, -1, 2, -7, 46341, -46341, 2147483647, -2147483648, 1431655765];
const names = (laws: object): MicroOpcode[] => Object.keys(laws).filter((name): name is MicroOpcode => name !== "");

/** Every pair of the values, then random ones, in two columns. */
function pairs(values: readonly number[], scale: number): [number[], number[]] {
  const next = stream(5);
  const more = Array.from({ length: 203 }, () => (next() - 0.5) * scale);
  const left = values.flatMap((a) => values.map(() => a));
  const right = values.flatMap(() => [...values]);
  return [
    [...left, ...more],
    [...right, ...more.map((x) => x * (next() < 0.5 ? 1 : 0.7))],
  ];
}

for (const machine of await allMachines()) {
  const compute = (inputs: readonly (Float32Array | Int32Array)[], micro: Micro): Assembly => {
    const program = new Assembly(machine);
    const length = inputs[0]?.length ?? 0;
    const views = inputs.map((input) => ({ buffer: program.buffer(input) }));
    const out = program.buffer(length);
    const loads = inputs.map((_, index): Micro => ["load", index, index]);
    program.tile(1, length, [...views, { buffer: out }], [...loads, micro, ["store", 0, inputs.length, micro[1]]]);
    assert.equal(program.run().error, 0);
    return program;
  };
  const result = (program: Assembly, kind: "f32" | "i32", inputs: number): Float32Array | Int32Array => {
    const values = program[kind](inputs);
    program.free();
    return values;
  };
  const check = (name: string, actual: ArrayLike<number>, expected: readonly number[]): void =>
    expected.forEach((value, i) => {
      assert.ok(Object.is(actual[i], value), `${name}: case ${i} gave ${actual[i]}, expected ${value}`);
    });

  test(`float arithmetic and comparisons follow IEEE 754 on ${titleOf(machine)}`, () => {
    const [left, right] = pairs(specials.map(float), 8);
    const inputs = [Float32Array.from(left), Float32Array.from(right)];
    const expect = (law: Binary | undefined): number[] => left.map((a, i) => law?.(float(a), float(right[i] ?? 0)) ?? 0);
    for (const name of names(floatLaws)) check(name, result(compute(inputs, [name, 5, 0, 1]), "f32", 2), expect(floatLaws[name]));
    for (const name of names(compareLaws)) check(name, result(compute(inputs, [name, 5, 0, 1]), "i32", 2), expect(compareLaws[name]));
  });

  test(`integer arithmetic wraps on ${titleOf(machine)}`, () => {
    const [left, right] = pairs(integers, 4e9).map((side) => side.map((x) => x | 0));
    if (left === undefined || right === undefined) throw new Error("no pairs");
    const inputs = [Int32Array.from(left), Int32Array.from(right)];
    for (const name of names(integerLaws)) {
      const expected = left.map((a, i) => integerLaws[name]?.(a, right[i] ?? 0) ?? 0);
      // The larger of 0 and -0 does not arise: these are integers.
      check(
        name,
        result(compute(inputs, [name, 5, 0, 1]), "i32", 2),
        expected.map((x) => x + 0),
      );
    }
    for (const name of names(unaryLaws)) {
      const expected = left.map((a) => unaryLaws[name]?.(a) ?? 0);
      const kind = name === "toFloat" ? "f32" : "i32";
      check(
        name,
        result(compute(inputs.slice(0, 1), [name, 5, 0]), kind, 1),
        expected.map((x) => x + 0),
      );
    }
  });

  test(`conversions from float truncate, saturate and send NaN to 0 on ${titleOf(machine)}`, () => {
    const values = [...specials, 3.99, -3.99, 1e10, -1e10, 0.1, -0.1].map(float);
    for (const name of names(fromFloat)) {
      const actual = result(compute([Float32Array.from(values)], [name, 5, 0]), "i32", 1);
      check(
        name,
        actual,
        values.map((a) => (fromFloat[name]?.(a) ?? 0) + 0),
      );
    }
  });

  test(`select takes one side and ignores the other on ${titleOf(machine)}`, () => {
    const condition = Int32Array.from({ length: 37 }, (_, i) => (i % 3 === 0 ? i - 1 : 0));
    const left = new Float32Array(37).fill(Number.NaN).map((x, i) => (condition[i] === 0 ? x : i));
    const right = new Float32Array(37).fill(Number.NaN).map((x, i) => (condition[i] === 0 ? -i : x));
    const actual = result(compute([condition, left, right], ["select", 7, 0, 1, 2]), "f32", 3);
    check(
      "select",
      actual,
      Array.from(condition, (c, i) => (c === 0 ? -i : i)),
    );
  });
}
