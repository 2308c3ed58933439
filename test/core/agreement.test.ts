// Cores of one arithmetic class agree to the bit: AVX2 = AVX-512 = NEON = relaxed WebAssembly where multiply-add is fused.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Machine } from "../../src/backends/core/machine.js";
import { microOpcodes } from "../../src/ir/lowered/opcodes.js";
import { Assembly, allMachines, titleOf } from "./assemble.js";
import { anyMagnitude, assertSameBits, signed, specials } from "./numbers.js";
import { runRecurrence } from "./recurrence.js";

const unary = microOpcodes.slice(microOpcodes.indexOf("neg"), microOpcodes.indexOf("floor") + 1);
const inputs = Float32Array.from([...specials, ...anyMagnitude(20000, 61), ...signed(5000, 62).map((x) => x * 30)]);

/** Results of all functions of one operand over all inputs. */
function functionsOn(machine: Machine): Float32Array {
  const p = new Assembly(machine);
  const x = p.buffer(inputs);
  const out = p.buffer(unary.length * inputs.length);
  unary.forEach((micro, i) => {
    p.tile(
      1,
      inputs.length,
      [{ buffer: x }, { buffer: out, offset: i * inputs.length }],
      [
        ["load", 0, 0],
        [micro, 1, 0],
        ["store", 0, 1, 1],
      ],
    );
  });
  p.run();
  const result = p.f32(out);
  p.free();
  return result;
}

function productOn(machine: Machine): Float32Array {
  const [m, n, k] = [31, 83, 700];
  const p = new Assembly(machine);
  const out = p.buffer(m * n);
  p.gemm(
    [m, n, k, 1],
    [
      { buffer: p.buffer(signed(m * k, 71)), row: k },
      { buffer: p.buffer(signed(k * n, 72)), row: n },
      { buffer: out, row: n },
    ],
  );
  p.run();
  const result = p.f32(out);
  p.free();
  return result;
}

const machines = await allMachines();
for (const arithmetic of ["fma", "plain"] as const) {
  const [first, ...others] = machines.filter((machine) => machine.arithmetic === arithmetic);
  if (first === undefined || others.length === 0) {
    test(`class ${arithmetic}: cores agree to the bit`, { skip: `fewer than two cores of class ${arithmetic} here` }, () => {});
    continue;
  }
  for (const other of others) {
    test(`class ${arithmetic}: ${titleOf(other)} equals ${titleOf(first)} to the bit`, () => {
      assertSameBits(functionsOn(other), functionsOn(first), "functions");
      assertSameBits(productOn(other), productOn(first), "product");
      const options = { rows: [9, 9, 8, 2, 1], hidden: 37 };
      assertSameBits(runRecurrence(other, options).states, runRecurrence(first, options).states, "recurrence");
    });
  }
}

test("every machine says which class it is, and the classes differ", () => {
  for (const machine of machines) assert.ok(machine.arithmetic === "fma" || machine.arithmetic === "plain");
  const [fma, plain] = ["fma", "plain"].map((arithmetic) => machines.find((machine) => machine.arithmetic === arithmetic));
  if (fma === undefined || plain === undefined) return;
  assert.notDeepEqual(productOn(fma), productOn(plain));
});
