// The text form: what is printed reads back as the same graph with the same values.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { symbolDim } from "../../src/base/dim.js";
import { atPlace, constantNode, inputNode, makeGraph, makeNode } from "../../src/ir/core/build.js";
import { add, broadcast, slice } from "../../src/ir/core/builders.js";
import { interpret } from "../../src/ir/core/interpret.js";
import { parse } from "../../src/ir/core/parse.js";
import { print } from "../../src/ir/core/print.js";
import { verify } from "../../src/ir/core/verify.js";
import { anyProgram } from "../support/random-graph.js";
import { assertSame } from "../support/values.js";

describe("printing and parsing", () => {
  it("print after parse is the identity on texts of random programs, and the values stay", () => {
    fc.assert(
      fc.property(anyProgram(), ({ graph, feeds }) => {
        const text = print(verify(graph));
        const again = verify(parse(text));
        assert.equal(print(again), text);
        const fed = new Map(again.inputs.map((input, index) => [input, feeds.get(graph.inputs[index]!)!]));
        const [wanted, found] = [interpret(graph, feeds), interpret(again, fed)];
        wanted.forEach((value, index) => {
          assertSame(found[index]!, value);
        });
      }),
      { numRuns: 150 },
    );
  });
  it("constants are printed exactly", () => {
    const values = [-0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, 0.1, 1 / 3, 1e300];
    const graph = makeGraph("constants", [], [constantNode(Float64Array.from(values), [8], "float32")]);
    const [again] = interpret(parse(print(graph)), new Map());
    assert.deepEqual(Array.from(again!.data), values);
  });
  it("symbolic sizes, layer paths and odd names survive", () => {
    const B = symbolDim("B");
    const graph = atPlace('layer "a" @ 1', () => {
      const x = inputNode('x : [1] "y"', { shape: [B, 3], dtype: "float32" });
      const padded = makeNode("pad", [x], { axis: 0, before: 1, after: B });
      const tapped = makeNode("tap", [slice(padded, 0, 1, B)], { name: 'gate : [2] "f" \n]' });
      return makeGraph("odd \n name", [x], [add(tapped, broadcast(x, [B, 3]))]);
    });
    const text = print(graph);
    assert.equal(print(parse(text)), text);
    assert.equal(parse(text).outputs[0]!.where, 'layer "a" @ 1');
    assert.match(text, /pad %0 axis=0 before=1 after=B : \[2\*B\+1, 3\] float32/);
  });
  it("unused arguments keep their place", () => {
    const [x, y] = ["x", "y"].map((name) => inputNode(name, { shape: [2], dtype: "float32" }));
    const again = parse(print(makeGraph("g", [x!, y!], [y!])));
    assert.deepEqual(
      again.inputs.map(({ attrs }) => attrs.name),
      ["x", "y"],
    );
    assert.equal(again.outputs[0], again.inputs[1]);
  });
  for (const [name, text] of Object.entries({
    "an unknown op": 'graph "g"\n  %0 = input "x" [2] float32\n  %1 = tan %0 : [2] float32\n  output %1\n',
    "an unknown value": 'graph "g"\n  %0 = tanh %7 : [2] float32\n  output %0\n',
    "a wrong type": 'graph "g"\n  %0 = input "x" [2] float32\n  %1 = tanh %0 : [3] float32\n  output %1\n',
    "a wrong attribute": 'graph "g"\n  %0 = input "x" [2] float32\n  %1 = sum %0 axis=0 : [] float32\n  output %1\n',
    "a missing output": 'graph "g"\n  %0 = input "x" [2] float32\n',
    "text after the end": 'graph "g"\n  output\nmore\n',
  })) {
    it(`refuses ${name}`, () => {
      assert.throws(() => parse(text), { code: "bad_graph_text" });
    });
  }
});
