// Windows of many series, where all of them would take too long: every series keeps some, the others go by number or size.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTable } from "../../src/data/table.js";
import { quotasOf, samplings } from "../../src/tasks/forecast/sampling.js";
import { planOf } from "./fakes.js";

const sources = [
  { windows: 1000, size: 9 },
  { windows: 100, size: 99 },
  { windows: 3, size: 1e6 },
];

test("nothing is left out while all windows fit", () => {
  for (const by of samplings) assert.deepEqual(quotasOf(sources, 1103, by), [1000, 100, 3]);
});

test("the shares fit together, every series has at least two, and what short series leave goes to the others", () => {
  for (const by of samplings) {
    const quotas = quotasOf(sources, 300, by);
    const total = quotas.reduce((sum, quota) => sum + quota, 0);
    assert.ok(total <= 300 && total >= 298, `${by}: ${quotas}`);
    assert.ok(quotas.every((quota, n) => quota >= 2 && quota <= sources[n]!.windows));
  }
  assert.deepEqual(quotasOf(sources, 300, "series").slice(1), [100, 3]);
  const [many, few] = quotasOf(sources, 300, "windows");
  assert.ok(Math.abs(many! / few! - 10) < 0.5);
  const [small, large] = quotasOf(
    [
      { windows: 1000, size: 9 },
      { windows: 1000, size: 99 },
    ],
    440,
    "scale",
  );
  assert.deepEqual([small, large], [40, 400]);
  assert.deepEqual(quotasOf(sources, 1, "scale"), [2, 2, 2]);
});

const month = (i: number): string => `${2000 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, "0")}`;
function shops(count: number): string {
  const rows = Array.from({ length: count }, (_, shop) =>
    Array.from({ length: 40 + (shop % 3) * 40 }, (_, i) => `s${shop},${month(i)},${10 ** (shop % 4) * (50 + ((i * 37 + shop) % 11))}`),
  );
  return `shop,month,sales\n${rows.flat().join("\n")}\n`;
}

test("of a large panel every series is learnt from, and the work stays near its budget", () => {
  const options = { id: "shop", target: "sales", horizon: 6, epochs: 40 };
  const [windows, scale] = (["windows", "scale"] as const).map((sampling) => planOf(parseTable(shops(400)), { ...options, sampling }));
  for (const plan of [windows!, scale!]) {
    const counts = plan.members.map(({ phases }) => phases.select.origins.length);
    assert.equal(counts.length, 400);
    assert.ok(counts.every((count) => count >= 1));
    assert.match(plan.lines.at(-1)!, /^not all windows are used/);
  }
  const used = (of: typeof windows, size: number): number =>
    of!.members.filter((_, n) => n % 4 === size).reduce((sum, { phases }) => sum + phases.select.origins.length, 0);
  assert.ok(used(scale, 3) > 1.5 * used(scale, 0), `${used(scale, 3)} of large series, ${used(scale, 0)} of small ones`);
  assert.ok(used(windows, 3) < 1.2 * used(windows, 0));
});
