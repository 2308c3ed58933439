// Laws of what is drawn and written: nothing outside the frame, nothing invented, nothing that breaks a page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { shellWord } from "../../src/base/shell-word.js";
import { drawForecast } from "../../src/cli/braille.js";
import { forecastCsv } from "../../src/cli/csv.js";
import { toJson } from "../../src/cli/envelope.js";
import { drawLoss } from "../../src/cli/loss-drawing.js";
import { axisOf, duration, shown, tickLabels, ticks } from "../../src/cli/numbers.js";
import type { Picture } from "../../src/cli/picture.js";
import { pictureOf } from "../../src/cli/picture.js";
import { liveLine, plainLine } from "../../src/cli/progress.js";
import { forecastPlot } from "../../src/cli/report/forecast-plot.js";
import { lossPlot } from "../../src/cli/report/loss-plot.js";
import { scoreRows, scoreTable } from "../../src/cli/scores.js";
import { wantsColor } from "../../src/cli/terminal.js";
import type { ForecastRow } from "../../src/tasks/forecast/types.js";

const row = (time: string, actual: number | null, value: number): ForecastRow => ({
  id: null,
  target: "y",
  time,
  actual,
  value,
  lower80: null,
  upper80: null,
  lower95: null,
  upper95: null,
});

function example(rows: number, value: (i: number) => number): Picture {
  const history = Array.from({ length: rows }, (_, i) => ({ time: `t${i}`, value: value(i) }));
  const last = history.slice(-4);
  return pictureOf({
    target: "y",
    history,
    holdout: last.map((each) => row(each.time, each.value, each.value + 1)),
    forecast: [row("next", null, value(rows))],
  });
}

const noPaint = (_style: string, text: string): string => text;

test("a history that contains the held-out rows is drawn once", () => {
  const picture = example(20, (i) => i);
  assert.equal(picture.points.length, 21);
  assert.deepEqual([picture.testStart, picture.futureStart], [16, 20]);
});

test("the terminal picture fits its size for any data", () => {
  for (const value of [
    (i: number) => Math.sin(i),
    () => 5,
    (i: number) => 1e12 * i,
    (i: number) => -1e-9 * i,
    (i: number) => (i % 7 === 0 ? NaN : i),
  ]) {
    for (const columns of [30, 80, 120]) {
      const lines = drawForecast(example(300, value), { columns, rows: 12 }, noPaint);
      assert.equal(lines.filter((line) => /^ *\S* [┤│]/.test(line)).length, 12);
      for (const line of lines) assert.ok([...line].length <= Math.max(columns, 50), line);
    }
  }
});

test("a rising line is drawn rising, with the forecast marked", () => {
  const lines = drawForecast(
    example(40, (i) => i),
    { columns: 60, rows: 8 },
    noPaint,
  ).filter((line) => /[┤│]/.test(line));
  const firstInk = lines.map((line) => line.search(/[\u2801-\u28ff]/)).filter((at) => at >= 0);
  assert.deepEqual(
    firstInk,
    [...firstInk].sort((a, b) => b - a),
  );
  assert.ok(lines.some((line) => line.includes("o")));
});

test("nothing to draw gives no picture instead of an empty frame", () => {
  const empty = pictureOf({ target: "y", history: [], holdout: [], forecast: [] });
  assert.deepEqual(drawForecast(empty, { columns: 80, rows: 10 }, noPaint), []);
  assert.equal(forecastPlot(empty, { name: "plot", title: "", description: "", season: 1, compared: null }), "");
  assert.equal(lossPlot([{ epoch: 1, loss: 1, valLoss: null }], null, "x"), "");
});

test("names from the data cannot break out of the SVG", () => {
  const picture = { ...example(20, (i) => i), target: '<b>&"' };
  const svg = forecastPlot(picture, { name: "plot", title: "</title><script>", description: "a & b", season: 1, compared: null });
  assert.ok(!svg.includes("<b>") && !svg.includes("<script>"));
  assert.ok(svg.includes("&lt;b&gt;&amp;&quot;"));
});

test("time labels never touch each other, whatever their length", () => {
  for (const label of [
    (i: number) => new Date(Date.UTC(2020, 10, 25, 3, 40 + i)).toISOString().slice(0, 16),
    (i: number) => String(i),
    (i: number) => new Date(Date.UTC(2020, i, 1)).toISOString().slice(0, 10),
  ]) {
    const points = Array.from({ length: 400 }, (_, i) => ({ time: label(i), value: i }));
    const picture = pictureOf({ target: "y", history: points, holdout: [], forecast: [row(label(400), null, 400)] });
    const svg = forecastPlot(picture, { name: "plot", title: "", description: "", season: 60, compared: null });
    const labels = [...svg.matchAll(/<text x="([\d.]+)" y="430" text-anchor="middle">([^<]+)</g)].map(([, x, text]) => ({
      x: Number(x),
      half: ((text ?? "").length * 7.4) / 2,
    }));
    assert.ok(labels.length >= 2);
    labels.forEach(({ x, half }, i) => {
      const next = labels[i + 1];
      assert.ok(x - half >= 0 && x + half <= 960);
      assert.ok(next === undefined || x + half < next.x - next.half);
    });
  }
});

test("the SVG holds only finite coordinates, also with missing values and a single level", () => {
  for (const value of [() => 3, (i: number) => (i % 5 === 0 ? NaN : i)]) {
    assert.doesNotMatch(
      forecastPlot(example(50, value), { name: "plot", title: "", description: "", season: 12, compared: null }),
      /NaN|Infinity/,
    );
  }
  const epochs = Array.from({ length: 9 }, (_, i) => ({ epoch: i + 1, loss: 10 ** -i, valLoss: i === 4 ? NaN : 0.5 }));
  assert.doesNotMatch(lossPlot(epochs, 3, "x"), /NaN|Infinity/);
});

test("JSON has no NaN and no infinity", () => {
  assert.equal(toJson({ a: NaN, b: [Infinity, 1.5], c: Float32Array.of(1, NaN) }), '{"a":null,"b":[null,1.5],"c":[1,null]}');
});

test("numbers are shown with four digits, whatever their size", () => {
  assert.deepEqual(
    [shown(0.04567), shown(1.23456), shown(12345.678), shown(0), shown(null), shown(NaN), shown(2.5e12)],
    ["0.0457", "1.235", "12,346", "0.000", "–", "–", "2.50e+12"],
  );
  assert.deepEqual([duration(0.84), duration(42.4), duration(185)], ["0.8 s", "42 s", "3 min 05 s"]);
});

test("numbers below 1 keep three digits however small they are", () => {
  assert.deepEqual([shown(0.004567), shown(-0.001234), shown(0.0123, 3), shown(0.999)], ["0.00457", "-0.00123", "0.012", "0.999"]);
});

test("labels of an axis are never alike and fit beside it, whatever the size of values and steps", () => {
  for (const [low, high] of [
    [1.5e12, 3e12],
    [4e6, 9e6],
    [-2e6, 3e6],
    [1e9 - 1, 1e9 + 1],
    [4.2e-9, 9e-9],
    [0.0011, 0.0049],
    [273.15, 273.1502],
    [-5e-7, 5e-7],
    [0, 1e300],
  ] as const) {
    const { marks } = axisOf(low, high, 5);
    for (const widest of [7, 9]) {
      const labels = tickLabels(marks, widest);
      assert.equal(new Set(labels).size, marks.length, `${low} ${high}: ${labels.join(" ")}`);
      assert.ok(
        labels.every((label) => label.length <= widest),
        `${low} ${high}: ${labels.join(" ")}`,
      );
    }
  }
  assert.deepEqual(tickLabels([0, 0.25, 0.5, 0.75, 1], 7), ["0", "0.25", "0.5", "0.75", "1"]);
  assert.deepEqual(tickLabels([2e12, 2.5e12, 3e12], 7), ["2.0e12", "2.5e12", "3.0e12"]);
  assert.deepEqual(tickLabels([1e9, 1e9 + 0.5, 1e9 + 1], 7), ["1.0e9", "+0.5", "+1"]);
});

test("the labels of a logarithmic loss are powers of ten", () => {
  const epochs = Array.from({ length: 9 }, (_, i) => ({ epoch: i + 1, loss: 10 ** (-i / 2), valLoss: 0.5 }));
  const svg = lossPlot(epochs, 3, "x");
  for (const label of ["1", "0.1", "0.01", "0.001", "1e-4"]) assert.ok(svg.includes(`text-anchor="end">${label}</text>`), label);
});

test("ticks are round and cover the range", () => {
  assert.deepEqual(ticks(104, 622, 5), [0, 200, 400, 600, 800]);
  assert.deepEqual(tickLabels(ticks(0.11, 0.42, 3), 7), ["0", "0.2", "0.4", "0.6"]);
  for (const [low, high] of [
    [-3, -3],
    [0, 0],
    [-1e9, 1e-9],
    [5, 5.0001],
  ] as const) {
    const marks = ticks(low, high, 4);
    assert.ok((marks[0] ?? NaN) <= low && (marks.at(-1) ?? NaN) >= high && marks.length <= 8, `${low} ${high}: ${marks.join(" ")}`);
  }
});

test("an axis leaves little room beyond the data, and names at least one round number", () => {
  for (const [low, high] of [
    [104, 742],
    [104, 622],
    [0.11, 0.42],
    [-5, 3],
    [1, 1000],
    [999, 1001],
    [0, 1e9],
  ] as const) {
    for (const count of [2, 4, 5]) {
      const axis = axisOf(low, high, count);
      assert.ok(axis.low <= low && axis.high >= high);
      assert.ok((high - low) / (axis.high - axis.low) > 0.75, `${low} ${high}: ${axis.low} ${axis.high}`);
      assert.ok(axis.marks.length >= 3 && axis.marks.every((mark) => mark >= axis.low && mark <= axis.high));
    }
  }
  assert.deepEqual(axisOf(104, 742, 4), { low: 100, high: 750, marks: [200, 400, 600] });
  assert.deepEqual(axisOf(5, 5, 4).marks, [5]);
});

test("CSV cells with commas and quotes are quoted, missing ones are empty", () => {
  assert.equal(
    [...forecastCsv({ forecast: [{ ...row("2020", null, 1.5), target: 'a,"b"' }] })].join(""),
    'part,time,target,actual,value,lower80,upper80,lower95,upper95\nforecast,2020,"a,""b""",,1.5,,,,\n',
  );
});

test("the rows of many series are written in pieces, each line once", () => {
  const rows = Array.from({ length: 2500 }, (_, i) => row(`t${i}`, i, i));
  const pieces = [...forecastCsv({ holdout: rows, forecast: rows })];
  assert.ok(pieces.length >= 5 && pieces.every((piece) => piece.endsWith("\n") && piece.split("\n").length <= 1001));
  const lines = pieces.join("").trim().split("\n");
  assert.deepEqual(
    lines.slice(1).map((line) => line.split(",").slice(0, 2).join()),
    ["holdout", "forecast"].flatMap((part) => rows.map(({ time }) => `${part},${time}`)),
  );
});

test("words with spaces survive the shell", () => {
  assert.deepEqual(
    [shellWord("runs/a-1/model"), shellWord("my file.csv"), shellWord("it's")],
    ["runs/a-1/model", "'my file.csv'", "'it'\\''s'"],
  );
});

test("the star marks the lowest score of each column, ties included", () => {
  const scores = (smape: number, mase: number | null, rmse: number, mae = 5) => ({ smape, mase, rmse, mae, owa: null });
  const [naive, seasonalNaive, seasonalNaiveDrift, other] = [scores(3, 2, 7), scores(4, null, 8), scores(5, 1.5, 8), scores(9, 9, 9)];
  const rows = scoreRows(
    {
      test: 4,
      origins: 1,
      points: 4,
      model: { ...scores(3, 1, 9), crps: null, wql: null, coverage80: null, coverage95: null },
      network: scores(3, 1, 9),
      combination: null,
      naive,
      seasonalNaive,
      seasonalNaiveDrift,
      simple: {
        ...{ naive, seasonalNaive, seasonalNaiveDrift, drift: other, naive2: other, ses: other, holt: other, damped: other },
        ...{ comb: other, theta: scores(8, 8, 8, 1), holtWinters: other, dampedHoltWinters: other },
      },
      maseRatio: null,
      best: "model",
      verdict: "",
      backtest: [],
    },
    "gru",
  );
  assert.deepEqual(
    rows.slice(0, 4).map(({ best }) => best),
    [["smape", "mase"], ["smape", "rmse"], [], []],
  );
  assert.ok(rows.some(({ method }) => method === "Theta") && rows.length === 8);
  assert.match(scoreTable(rows, noPaint)[1] ?? "", /^network \(gru\) +3\.000\* +1\.000\* +9\.000 $/);
});

test("the loss is drawn falling, on a logarithmic axis if it falls far, in its size whatever the values", () => {
  const falling = Array.from({ length: 30 }, (_, i) => 0.7 ** i);
  const lines = drawLoss({ loss: falling, valLoss: falling.map((value) => 1.5 * value) }, 30, { columns: 60, rows: 6 }, noPaint);
  const body = lines.filter((line) => /[┤│]/.test(line));
  assert.equal(body.length, 6);
  const lastInk = body.map((line) => line.search(/[\u2801-\u28ff](?!.*[\u2801-\u28ff])/)).filter((at) => at >= 0);
  assert.deepEqual(
    lastInk,
    [...lastInk].sort((a, b) => a - b),
  );
  assert.match(lines.at(-1) ?? "", /epoch 1 to 30, best 30, logarithmic/);
  for (const loss of [
    [1, 1],
    [1, Number.NaN, 2],
    [0, 5],
    [-3, -4],
    [1e-12, 1e12],
  ]) {
    for (const line of drawLoss({ loss, valLoss: [] }, 0, { columns: 40, rows: 5 }, noPaint))
      assert.ok(!line.includes("NaN") && line.length <= 40, line);
  }
  assert.deepEqual(drawLoss({ loss: [1], valLoss: [] }, 1, { columns: 40, rows: 5 }, noPaint), []);
});

test("progress shows everything where there is room, and always the time left where there is little", () => {
  const event = {
    kind: "epoch",
    phase: "select",
    ...{ epoch: 7, epochs: 40, loss: 0.5, valLoss: 0.6, step: 70, learningRate: 0.001, gradientNorm: 0.42, clippedShare: 0.1 },
    ...{ seconds: 3, etaSeconds: 17, windowsPerSecond: 1234, done: 0.175 },
  } as const;
  for (const text of ["18 %", "epoch 7/40", "loss 0.50", "validation 0.60", "17 s left", "1,234 windows/s", "lr 0.001", "grad 0.4"]) {
    assert.ok(plainLine(event).includes(text), text);
    assert.ok(liveLine(event, 200).includes(text), text);
  }
  for (let width = 5; width < 200; width++) {
    assert.ok(liveLine(event, width).length <= width);
    if (width >= 20) assert.match(liveLine(event, width), /17 s left/);
  }
});

test("colour: --no-color, then NO_COLOR, then FORCE_COLOR, then whether it is a terminal that can", () => {
  assert.equal(wantsColor(true, {}, true), true);
  assert.equal(wantsColor(true, {}, false), false);
  assert.equal(wantsColor(true, { TERM: "dumb" }, true), false);
  assert.equal(wantsColor(true, { FORCE_COLOR: "1" }, false), true);
  assert.equal(wantsColor(true, { FORCE_COLOR: "0" }, true), false);
  assert.equal(wantsColor(true, { FORCE_COLOR: "1", NO_COLOR: "1" }, true), false);
  assert.equal(wantsColor(true, { NO_COLOR: "" }, true), true);
  assert.equal(wantsColor(false, { FORCE_COLOR: "1" }, true), false);
});
