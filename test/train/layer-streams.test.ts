// Layers in a stream: step by step they give the bits of the whole sequence, or they say why they cannot.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sequential, tensor } from "../../src/index.js";
import { layerSubjects } from "../nn/layer-subjects.js";
import { random } from "./support.js";

const [B, T, I] = [2, 9, 3];

for (const { title, layer, inputs, streams = false } of layerSubjects) {
  if (inputs !== undefined) continue;
  test(`${title} ${streams ? "streams" : "refuses to stream"}`, async () => {
    const model = sequential([layer()]);
    model.build(["time", I], { seed: 3 });
    if (!streams) {
      await assert.rejects(model.stream({ batch: B }), { code: "cannot_stream" });
      return;
    }
    const x = random(4, [B, T, I]);
    const whole = await model.predict(x);
    const size = whole.shape[2]!;
    const live = await model.stream({ batch: B });
    const [from, wanted] = [Array.from(x.data), Array.from(whole.data)];
    for (let t = 0; t < T; t++) {
      const now = live.step(tensor([0, 1].map((b) => from.slice((b * T + t) * I, (b * T + t + 1) * I))));
      assert.deepEqual(
        Array.from(now.data),
        [0, 1].flatMap((b) => wanted.slice((b * T + t) * size, (b * T + t + 1) * size)),
      );
    }
  });
}
