// The tile instructions of one operand against float64, over all magnitudes and all special values.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { MicroOpcode } from "../../src/ir/lowered/opcodes.js";
import { Assembly, allMachines, titleOf } from "./assemble.js";
import { anyMagnitude, float, signed, specials } from "./numbers.js";

interface Law {
  readonly micro: MicroOpcode;
  readonly exact: (x: number) => number;
  /** Allowed relative error; 0 = correctly rounded. */
  readonly relative: number;
  /** Absolute error allowed besides, at a given argument. */
  readonly absolute?: (x: number) => number;
  /** Scale of the ordinary arguments. */
  readonly scale: number;
}

const sigmoid = (x: number): number => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));
const wave = (x: number): number => (Math.abs(x) <= 8192 ? 3e-7 : 1e-6);

const laws: readonly Law[] = [
  { micro: "neg", exact: (x) => -x, relative: 0, scale: 9 },
  { micro: "abs", exact: Math.abs, relative: 0, scale: 9 },
  { micro: "exp", exact: Math.exp, relative: 3e-7, scale: 90 },
  { micro: "log", exact: Math.log, relative: 3e-7, scale: 4 },
  { micro: "log1p", exact: Math.log1p, relative: 3e-7, scale: 2 },
  { micro: "sqrt", exact: Math.sqrt, relative: 0, scale: 9 },
  { micro: "sin", exact: Math.sin, relative: 0, absolute: wave, scale: 8192 },
  { micro: "cos", exact: Math.cos, relative: 0, absolute: wave, scale: 8192 },
  { micro: "tanh", exact: Math.tanh, relative: 3e-7, scale: 10 },
  { micro: "sigmoid", exact: sigmoid, relative: 3e-7, scale: 100 },
  { micro: "floor", exact: Math.floor, relative: 0, scale: 100 },
];

/** Special values, all magnitudes, ordinary ones, and ones close to 0 and to 1. */
function argumentsFor(scale: number): Float32Array {
  const ordinary = signed(3001, 7).map((x) => x * scale);
  const small = signed(1001, 8).map((x) => x * 0.01);
  const nearOne = signed(1001, 9).map((x) => 1 + x * 0.02);
  return Float32Array.from([...specials, ...anyMagnitude(5000, 3), ...ordinary, ...small, ...nearOne]);
}

function checkOne({ micro, exact, relative, absolute }: Law, x: number, y: number): void {
  const expected = exact(x);
  if (Number.isNaN(expected)) {
    assert.ok(Number.isNaN(y), `${micro}(${x}) = ${y}, expected NaN`);
    return;
  }
  const rounded = float(expected);
  if (Object.is(rounded, y)) return;
  // The result's last place, where results are subnormal.
  const allowed = relative * Math.abs(expected) + (absolute?.(x) ?? 0) + (relative > 0 ? 1.41e-45 : 0);
  const near = Number.isFinite(rounded) && Math.abs(y - expected) <= allowed;
  assert.ok(near && (expected !== 0 || y === 0 || absolute !== undefined), `${micro}(${x}) = ${y}, expected ${expected}`);
  if (y === 0 && rounded === 0 && absolute === undefined) assert.fail(`${micro}(${x}) = ${y} has the wrong sign of zero`);
}

for (const machine of await allMachines()) {
  for (const law of laws) {
    test(`${law.micro} agrees with float64 everywhere on ${titleOf(machine)}`, () => {
      const inputs = argumentsFor(law.scale);
      const program = new Assembly(machine);
      const x = program.buffer(inputs);
      const y = program.buffer(inputs.length);
      program.tile(
        1,
        inputs.length,
        [{ buffer: x }, { buffer: y }],
        [
          ["load", 0, 0],
          [law.micro, 1, 0],
          ["store", 0, 1, 1],
        ],
      );
      assert.equal(program.run().error, 0);
      const outputs = program.f32(y);
      program.free();
      for (let i = 0; i < inputs.length; i++) checkOne(law, inputs[i] ?? 0, outputs[i] ?? 0);
    });
  }
}
