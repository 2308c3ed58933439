// Holes are filled, what is there stays, errors are measured on hidden values, and the network counts only where it is better.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DataError } from "../../src/base/errors.js";
import { uniformAt } from "../../src/base/random.js";
import { parseTable } from "../../src/data/table.js";
import { chooseFills } from "../../src/tasks/impute/choose.js";
import { cellUse, gridOf, hideCells, rowText } from "../../src/tasks/impute/grid.js";
import { fillSimply } from "../../src/tasks/impute/simple.js";
import { refuseTooLong } from "../../src/tasks/impute/write.js";
import { type ImputeRun, impute } from "../../src/tasks/index.js";
import { failure } from "./fakes.js";

/** Two waves of one source, and a third column that only its neighbour tells. */
function waves(rows: number): string {
  const lines = ["hour;site;a;b"];
  for (let row = 0; row < rows; row++) {
    const cell = (column: number, value: number): string => (uniformAt(5, column, row) < 0.15 ? "" : value.toFixed(2).replace(".", ","));
    const source = 3 * uniformAt(9, 1, row);
    lines.push(`${row};north;${cell(0, source)};${cell(1, 5 - 2 * source)}`);
  }
  return `${lines.join("\n")}\n`;
}

describe("imputing", () => {
  const text = waves(300);
  const quick = { time: "hour", units: 12, epochs: 10 } as const;

  test("rows, columns and seen cells stay as they are; every hole becomes a number in the table's own form", async () => {
    const { csv, data, evaluation } = await impute(parseTable(text), quick);
    const [before, after] = [text, csv].map((each) =>
      each
        .trimEnd()
        .split("\n")
        .map((line) => line.split(";")),
    );
    assert.equal(after!.length, before!.length);
    before!.forEach((cells, row) => {
      cells.forEach((cell, column) => {
        const now = after![row]![column]!;
        if (cell === "") assert.match(now, /^-?\d+(,\d{1,3})?$/);
        else assert.equal(Number(now.replace(",", ".")) || now, Number(cell.replace(",", ".")) || cell);
      });
    });
    assert.equal(data.filled, data.missing);
    assert.ok(evaluation.maeRatio! < 0.9, "neighbouring rows say nothing, the other column everything");
  });

  test("the same seed gives the same table", async () => {
    const short = { ...quick, epochs: 2, seed: 3 };
    assert.equal((await impute(parseTable(text), short)).csv, (await impute(parseTable(text), short)).csv);
  });

  test("a column without any value stays empty, with a warning, and harms no other", async () => {
    const { csv, warnings, evaluation } = await impute(parseTable("t,a,none\n1,1,\n2,,\n3,3,\n4,4,\n5,,\n6,6,\n7,7,\n8,8,\n"), {
      time: "t",
      columns: ["a", "none"],
      units: 3,
      epochs: 2,
    });
    assert.ok(warnings.some(({ code }) => code === "empty_column"));
    assert.match(csv, /^t,a,none\n1,1,\n2,\d/);
    assert.equal(evaluation.columns[1]!.best, null);
  });

  test("where all holes are in columns without a value nothing can be filled, and that is said before training", async () => {
    const said = (text: string): Promise<string> =>
      failure(() => impute(parseTable(text, { file: "s.csv" }), { units: 3 })).then(({ message }) => message);
    const alone = "t,none\n2024-01-01,\n2024-01-02,\n";
    assert.match(await said(alone), /^s\.csv holds no number in none\./);
    assert.equal(
      await said("t,a,none\n2024-01-01,1,\n2024-01-02,2,\n2024-01-03,3,\n"),
      "s.csv: all holes are in none, without any value: nothing can be filled. Name other columns with --column.",
    );
  });

  test("values of any size are filled in their own digits, totals are no rows, and what is left out or odd is said", async () => {
    const row = (day: number): string =>
      `2024-01-${10 + day},${day % 5 === 2 ? "" : `${30 + day}e-11`},${day % 7 === 1 ? "" : day},${day === 6 ? "inf" : day}`;
    const lines = Array.from({ length: 20 }, (_, day) => row(day));
    const table = `date,small,b,c\n${[...lines, lines[19]!, "Total,9e-9,190,190"].join("\n")}\n`;
    const { csv, data, evaluation, warnings } = await impute(parseTable(table), { units: 3, epochs: 1 });
    const cells = csv.split("\n").map((line) => line.split(","));
    assert.match(cells[3]![1]!, /^3\.[0-9]+e-10$/);
    assert.equal(csv.trimEnd().split("\n").at(-1), "Total,9e-9,190,190");
    assert.equal(data.rows, 21);
    assert.doesNotMatch(evaluation.verdict, /NaN|Infinity/);
    assert.deepEqual(warnings.map(({ code }) => code).sort(), ["not_a_number", "repeated_times"]);
    const spoilt = parseTable(`t,a,b\n${lines.map((_, i) => `${i},${i % 3 === 0 ? "" : i},${i === 3 ? "off & on" : i}`).join("\n")}\n`);
    const copied = (await impute(spoilt, { units: 3, epochs: 1 })).warnings.map(({ message }) => message);
    assert.deepEqual(copied, ["line 5, b: \"off & on\" is not a number; if missing, add --missing 'off & on'. b is copied as it is"]);
    const constant = await impute(parseTable("t,a\n1,5\n2,\n3,5\n4,5\n5,5\n6,5\n7,5\n8,5\n"), {
      columns: ["a"],
      hide: 0.3,
      units: 2,
      epochs: 1,
    });
    assert.match(constant.evaluation.verdict, /are none, like those of/);
  });

  for (const [what, table, options, code] of [
    ["one value in a column", "t,a\n1,\n2,5\n3,\n", { columns: ["a"] }, "too_few_values"],
    ["values whose squares are infinite", "t,a\n1,1e200\n2,\n3,1\n", {}, "values_too_large"],
    ["a table without holes", "t,a\n1,1\n2,2\n", {}, "nothing_missing"],
    ["a table without numbers", "name,town\nx,y\n,z\n", {}, "no_numbers"],
    ["a column of words", "t,a\n1,x\n2,\n", { columns: ["a"] }, "not_a_number"],
    ["a column that is not there", "t,a\n1,1\n2,\n", { columns: ["b"] }, "unknown_column"],
    ["an id that is not there", "t,a\n1,1\n2,\n", { id: "b" }, "unknown_column"],
  ] as const)
    test(`${what} is refused in one sentence`, async () => {
      await assert.rejects(impute(parseTable(table), options), (error) => error instanceof DataError && error.code === code);
    });
});

test("a table whose holes are written as a number is told how to say so", async () => {
  const coded = parseTable("t,a\n1,1\n2,-999\n3,2\n4,3\n");
  await assert.rejects(impute(coded), /nothing to fill\. -999 stands once in a, .* add --missing -999\.$/);
});

describe("the simple ways", () => {
  const { grid } = gridOf(parseTable("id,t,a\nx,0,\nx,1,2\nx,3,\nx,5,6\nx,6,\ny,0,\ny,1,\n"), { id: "id", time: "t" });

  test("last looks back, linear goes by time, both take the nearest at the ends and the mean where there is nothing", () => {
    const filled = fillSimply(grid, grid.values, Float64Array.of(4));
    assert.deepEqual(Array.from(filled.last), [2, 2, 2, 6, 6, 4, 4]);
    assert.deepEqual(Array.from(filled.linear), [2, 2, 4, 6, 6, 4, 4]);
    assert.deepEqual(Array.from(filled.mean), [4, 2, 4, 6, 4, 4, 4]);
  });
});

describe("choosing", () => {
  test("a network that is worse everywhere is not used", () => {
    const size = 400;
    const truth = Float64Array.from({ length: size }, (_, row) => Math.sin(row / 9));
    const grid = {
      names: ["a"],
      rows: size,
      values: truth,
      sequences: [Int32Array.from(truth.keys())],
      at: Float64Array.from(truth.keys()),
    };
    const use = hideCells(grid, 0.2, 1);
    const known = truth.map((value, cell) => (use[cell] === cellUse.visible ? value : Number.NaN));
    const network = truth.map((value, cell) => value + (uniformAt(2, 2, cell) - 0.5) * 4);
    const [choice] = chooseFills({ grid, truth, use, network, simple: fillSimply(grid, known, Float64Array.of(0)) });
    assert.deepEqual(choice, { method: "linear", networkWeight: 0 });
  });

  test("values without order or pattern are filled by their mean, and a pattern by the network, though few are there to choose by", async () => {
    const table = (value: (row: number) => number): string =>
      `k,a\n${Array.from({ length: 60 }, (_, row) => `${row},${row % 5 === 3 ? "" : value(row).toFixed(3)}`).join("\n")}\n`;
    const columnOf = async (value: (row: number) => number): Promise<ImputeRun["evaluation"]["columns"][number]> =>
      (await impute(parseTable(table(value)), { time: "k", units: 16, seed: 1 })).evaluation.columns[0]!;
    const noise = await columnOf((row) => uniformAt(4, 4, row));
    assert.deepEqual([noise.method, noise.networkWeight], ["mean", 0]);
    const pattern = await columnOf((row) => 9 * (row % 2) + 0.1 * uniformAt(4, 5, row));
    assert.ok(pattern.networkWeight > 0);
    assert.ok(pattern.model.mae! < 0.5 * Math.min(pattern.linear.mae!, pattern.mean.mae!));
  });

  test("of three values or more one is hidden for the score and one to choose by", () => {
    const { grid } = gridOf(parseTable("t,a,b\n1,1,\n2,2,3\n3,,4\n4,4,5\n"), { time: "t" });
    for (let seed = 0; seed < 20; seed++) {
      const use = hideCells(grid, 0.01, seed);
      for (const column of [0, 1])
        for (const what of [cellUse.choose, cellUse.score])
          assert.equal(use.filter((each, cell) => each === what && cell % 2 === column).length, 1);
    }
  });
});

test("numbers of steps that begin again in each series are the time, and not filled", () => {
  const table = parseTable("shop,t,a\nx,1,5\nx,2,\nx,3,7\ny,1,1\ny,2,2\ny,3,4\n");
  const { grid, time } = gridOf(table, { id: "shop" });
  assert.deepEqual([time, grid.names], ["t", ["a"]]);
});

test("a column of times or ids with a comma in its name is read as one column", () => {
  const table = parseTable('"day, local",shop,a\n2024-01-01,x,5\n2024-01-02,x,\n2024-01-03,x,7\n');
  const { time } = gridOf(table, {});
  assert.equal(time, "day, local");
  assert.equal(rowText(table, time)(1), "2024-01-02");
  assert.equal(rowText(table, "shop,a")(0), "x 5");
  assert.equal(rowText(table, null)(0), null);
});

test("a table that no text can hold is refused before training, one that can is not", () => {
  const { columns, names, file } = parseTable("a,b\n123.25,\n67.5,1.25\n", { file: "long.csv" });
  const long = (rows: number): void => {
    const cell = (row: number, name: string): string | null => columns[name]!.cell(row % 2);
    const tall = Object.fromEntries(names.map((name) => [name, { ...columns[name]!, cell: (row: number) => cell(row, name) }]));
    refuseTooLong({ rows, names, columns: tall, file });
  };
  long(30_000_000);
  assert.throws(() => long(60_000_000), /^DataError.*long\.csv is about 840 MB of text; tables of at most 500 MB are filled\./);
});
