// The linear map of direct networks, and models that were saved before there was one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isPlain } from "../../../src/tasks/forecast/network/build.js";
import { savedNetwork, savedNetworkOf, specOf as specOfSaved } from "../../../src/tasks/forecast/network/saved.js";
import { noChannels } from "../../../src/tasks/forecast/network/types.js";
import { errorOf, networkFor, noise, specOf, steps, windowsOf } from "./windows.js";

test("what only a row long ago tells is learnt in a few passes with a linear map, and not without", async () => {
  const next = noise(5);
  // Rows ahead repeat those one window ago, and nothing between tells them.
  const rows = Array.from({ length: steps }, () => 2 * next() - 1);
  const data = windowsOf((row) => rows[row % steps]!, { count: 160 });
  const error = async (linear: boolean): Promise<number> => {
    const network = await networkFor(data, specOf({ linear, units: [4] }), { epochs: 20 });
    return errorOf(await network.predict(data), data.y);
  };
  const [withMap, without] = [await error(true), await error(false)];
  assert.ok(withMap < 0.05 && without > 3 * withMap, `${withMap} ${without}`);
});

test("a network without the map is read from models of before, and one with it is named", () => {
  const spec = specOf({ linear: true });
  assert.deepEqual([isPlain(spec), isPlain(specOf())], [false, true]);
  const { linear, ...before } = savedNetworkOf(spec)!;
  const sizes = { steps: 12, horizon: 4, channels: noChannels, cells: [] };
  assert.deepEqual([linear, savedNetwork.parse(before).linear, specOfSaved(null, sizes).linear], [true, false, false]);
});
