// A panel is its series laid on one step: in any order of rows, with what stands beside them, and without the broken ones.

import assert from "node:assert/strict";
import { test } from "node:test";
import { panel } from "../../src/data/panel.js";
import { series } from "../../src/data/series.js";
import { parseTable } from "../../src/data/table.js";
import type { Panel, PanelOptions } from "../../src/data/types.js";
import { failure } from "../tasks/fakes.js";

const of = (text: string, options: PanelOptions = {}): Panel => panel(parseTable(text), options);
const months = (id: string, values: readonly (number | string)[], rest = ""): string =>
  values.map((value, i) => `${id},2020-${String(i + 1).padStart(2, "0")},${value}${rest}`).join("\n");
const valuesOf = (found: Panel): Record<string, number[]> =>
  Object.fromEntries(found.series.map((one) => [`${one.id} ${one.name}`, [...one.values]]));

test("a series begins with its first value, in every form, and its columns beside it with it", () => {
  const days = Array.from({ length: 12 }, (_, i) => `2020-01-${String(i + 1).padStart(2, "0")}`);
  const value = (i: number): string => (i < 5 || i === 7 ? "" : String(i));
  const rows = days.flatMap((day, i) => (i === 8 ? [] : [`a,${day},${value(i)},${10 * i}`, `b,${day},${i + 1},0`]));
  const [late] = panel(parseTable(`shop,day,sold,rain\n${rows.join("\n")}\n`), { id: "shop", past: ["rain"], target: "sold" }).series;
  assert.deepEqual([...late!.values], [5, 6, Number.NaN, Number.NaN, 9, 10, 11]);
  assert.deepEqual([late!.timeLabel(0), late!.missing, late!.gaps, late!.past[0]!.get(0)], [days[5], 1, 1, 50]);
  const alone = series(parseTable(`day,sold\n${days.flatMap((day, i) => (i === 8 ? [] : [`${day},${value(i)}`])).join("\n")}\n`));
  assert.deepEqual([...alone.values], [...late!.values]);
  assert.ok(alone.found.includes("5 rows before the first value are left out"));
  assert.ok(alone.found.includes("1 step has no row (first 2020-01-09)"), alone.found.join("; "));
});

test("each series of a panel is the series that its rows alone would be", () => {
  const [a, b] = [months("A", [3, 1, 4, 1, 5]), months("B", [9, 2, 6, 5])];
  const whole = of(`shop,month,sales\n${a}\n${b}\n`, { id: "shop" });
  for (const [i, part] of [a, b].entries()) {
    const alone = series(parseTable(`shop,month,sales\n${part}\n`), { target: "sales" });
    assert.deepEqual(whole.series[i]!.values, alone.values);
    assert.equal(whole.series[i]!.timeLabel(7), alone.timeLabel(7));
  }
});

test("the order of rows makes no difference", () => {
  const rows = `${months("A", [3, 1, 4])}\n${months("B", [9, 2, 6])}`.split("\n");
  const shuffled = [4, 0, 5, 2, 3, 1].map((i) => rows[i]).join("\n");
  assert.deepEqual(valuesOf(of(`shop,month,sales\n${shuffled}`, { id: "shop" })), { "B sales": [9, 2, 6], "A sales": [3, 1, 4] });
});

test("columns unique_id, ds and y need no options", () => {
  const found = of(`unique_id,ds,y,extra\n${months("A", [1, 2], ",7")}\n${months("B", [3, 4], ",8")}\n`);
  assert.deepEqual([found.id, found.targets, found.timeColumns], ["unique_id", ["y"], ["ds"]]);
  assert.deepEqual(valuesOf(found), { "A y": [1, 2], "B y": [3, 4] });
});

test("a broken series is skipped with its reason, and the others stay", () => {
  const broken = [months("text", [1, "n.v.", 3]), months("empty", ["", "", ""]), months("flat", [5, 5, 5]), months("short", [1])];
  const twice = `twice,2020-01,1\ntwice,2020-01,2\ntwice,2020-03,1`;
  const late = `late,2020-01,1\nlate,someday,2`;
  const found = of(`id,month,v\n${[...broken, twice, late, months("good", [1, 2, 3])].join("\n")}\n`, { id: "id", least: 2 });
  assert.deepEqual(
    found.series.map((one) => one.id),
    ["good"],
  );
  assert.deepEqual(Object.fromEntries(found.skipped.map((one) => [one.id, one.code])), {
    text: "not_a_number",
    empty: "all_missing",
    flat: "constant_target",
    short: "constant_target",
    twice: "duplicate_times",
    late: "bad_time",
  });
});

test("a panel without one usable series says so with the first reason", async () => {
  const { code, message } = await failure(() => of(`id,month,v\n${months("a", [1, 1])}\n${months("b", [2, 2])}`, { id: "id" }));
  assert.equal(code, "no_series");
  assert.match(message, /none of the 2 series can be used; v of a is 1 in every row/);
});

test("several targets share the clock of their id", () => {
  const found = of("id,month,u,v\nA,2020-01,1,\nA,2020-03,2,6\nA,2020-02,3,7\n", { id: "id", target: ["u", "v"] });
  assert.deepEqual(valuesOf(found), { "A u": [1, 3, 2], "A v": [Number.NaN, 7, 6] });
});

test("known-future columns reach beyond the last target, past ones do not", () => {
  const text = "month,y,price,rain\n2020-01,5,1,7\n2020-02,6,2,8\n2020-03,,3,\n2020-04,,4,\n";
  const one = of(text, { target: "y", future: ["price"], past: ["rain"] }).series[0]!;
  assert.deepEqual([one.ahead, one.missing], [2, 0]);
  assert.deepEqual([...one.values], [5, 6]);
  assert.deepEqual([...one.future[0]!.values], [1, 2, 3, 4]);
  assert.deepEqual([...one.past[0]!.values], [7, 8]);
});

test("a model's words are read again as they were, other words are missing, and a column has one role", async () => {
  const text = "month,y,wind\n2020-01,5,N\n2020-02,6,S\n2020-03,7,E\n";
  const one = of(text, { target: "y", past: ["wind"], words: { wind: ["N", "S", "W"] } }).series[0]!;
  assert.deepEqual(
    one.past.map(({ name, values }) => [name, [...values]]),
    [
      ["wind=N", [1, 0, Number.NaN]],
      ["wind=S", [0, 1, Number.NaN]],
      ["wind=W", [0, 0, Number.NaN]],
    ],
  );
  const says = async (options: PanelOptions): Promise<string> => (await failure(() => of(text, { target: "y", ...options }))).message;
  assert.match(await says({ past: ["wind"], words: { wind: null } }), /^line 2, wind: "N" is not a number;/);
  assert.equal(await says({ past: ["wind"], future: ["wind"] }), "wind is named as past and as future column. Name it once.");
});

test("words beside the target become columns of zeros and ones", () => {
  const text = "month,y,wind,open\n2020-01,5,N,no\n2020-02,6,S,yes\n2020-03,7,,no\n2020-04,8,W,yes\n";
  const one = of(text, { target: "y", past: ["wind", "open"] }).series[0]!;
  assert.deepEqual(
    one.past.map(({ name, values }) => [name, [...values]]),
    [
      ["wind=N", [1, 0, Number.NaN, 0]],
      ["wind=S", [0, 1, Number.NaN, 0]],
      ["wind=W", [0, 0, Number.NaN, 1]],
      ["open=yes", [0, 1, 0, 1]],
    ],
  );
});

test("columns that are the same within each series are static", () => {
  const rows = ["A", "B", "C"].map((id, k) => months(id, [1, 2 + k, 3], `,${k === 2 ? "south" : "north"},${10 * k},${k}${id}`));
  const found = of(`id,month,v,region,size,name\n${rows.join("\n")}\n`, { id: "id", target: "v" });
  assert.deepEqual(found.statics, [
    { name: "region", kind: "category", categories: ["north", "south"], codes: Int32Array.of(0, 0, 1) },
    { name: "size", kind: "number", values: Float64Array.of(0, 10, 20) },
  ]);
});
