// The generator: known answers of Random123, ranges, and independence of uniform draws from derived keys.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { keyAt, philox, uniformAt } from "../../src/base/random.js";

function hex(words: Uint32Array): string {
  return Array.from(words, (word) => word.toString(16).padStart(8, "0")).join(" ");
}

describe("philox4x32-10", () => {
  // kat_vectors of Random123.
  it("agrees with the published answers", () => {
    const ones = 0xffffffff;
    assert.equal(hex(philox(0, 0, 0, 0, 0, 0)), "6627e8d5 e169c58d bc57ac4c 9b00dbd8");
    assert.equal(hex(philox(ones, ones, ones, ones, ones, ones)), "408f276d 41c83b0e a20bc7c6 6d5451fd");
    const digitsOfPi = [0xa4093822, 0x299f31d0, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344] as const;
    assert.equal(hex(philox(...digitsOfPi)), "d16cfe09 94fdcceb 5001e420 24126ea1");
  });
  it("reads signed and unsigned words alike", () => {
    assert.equal(hex(philox(-1, -1, -1, -1, -1, -1)), hex(philox(0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff)));
  });
  it("a uniform draw is 24 bits of word c mod 4 of block floor(c / 4)", () => {
    for (const counter of [0, 1, 2, 3, 4, 1023, 0x7fffffff, -1]) {
      const words = philox(5, 6, counter >>> 2, 0, 0, 0);
      assert.equal(uniformAt(5, 6, counter), (words[counter & 3]! >>> 8) / 16777216);
    }
  });
  it("a derived key is the first words of block (c, 1, 0, 0), as int32", () => {
    const words = philox(5, 6, 77, 1, 0, 0);
    assert.deepEqual(keyAt(5, 6, 77), [words[0]! | 0, words[1]! | 0]);
  });
  it("uniform draws fill [0, 1) evenly", () => {
    const counts = new Array<number>(16).fill(0);
    for (let c = 0; c < 16000; c++) {
      const value = uniformAt(1, 2, c);
      assert.ok(value >= 0 && value < 1);
      counts[Math.floor(value * 16)]! += 1;
    }
    // Chi-square with 15 degrees of freedom: 37.7 has probability 0.001.
    const chiSquare = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    assert.ok(chiSquare < 37.7, `chi-square ${chiSquare}`);
  });
});
