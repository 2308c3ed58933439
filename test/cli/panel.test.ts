// Many series on the command line: wrong input in one sentence whatever the file, and the same bits after a stop and with any threads.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { duckdb, parquetOf } from "../data/duckdb.js";
import { outcomeOf } from "./outcome.js";
import { type Desk, openDesk } from "./run.js";

const day = (i: number): string => new Date(Date.UTC(2022, 0, 1 + i)).toISOString().slice(0, 10);
const sold = (shop: number, i: number): number => 100 * (shop + 1) + (i % 7) * 10 + ((i * 37 + 5 * shop) % 11);

/** Days of two shops; `ahead` of them without a sale. */
function shops({ days = 60, ahead = 0, cell = (shop: number, i: number): number | string => sold(shop, i) } = {}): string {
  const rows = [0, 1].flatMap((shop) =>
    Array.from({ length: days + ahead }, (_, i) => `s${shop},${day(i)},${i < days ? cell(shop, i) : ""},${i % 5 === 0 ? "yes" : "no"}`),
  );
  return `shop,day,sold,promo\n${rows.join("\n")}\n`;
}

interface Case {
  readonly law: string;
  readonly text: string;
  readonly args?: readonly string[];
  readonly sentence: RegExp;
  /** Only text can be wrong like this. */
  readonly isTextOnly?: boolean;
}

const cases: readonly Case[] = [
  {
    law: "an id column that does not exist is answered with the nearest one",
    text: shops(),
    args: ["--id", "shops"],
    sentence: /^.+ has no column "shops"\. Did you mean "shop"\?$/,
  },
  {
    law: "several numeric columns need a choice",
    text: shops().replace(/,(yes|no)$/gm, (_, word) => (word === "yes" ? ",1" : ",0")),
    args: ["--id", "shop"],
    sentence: /^2 numeric columns \(sold, promo\): choose with --target\.$/,
  },
  {
    law: "a word among the numbers of every series is shown with its line",
    text: shops({ cell: (shop, i) => (i === 7 ? "n.v." : sold(shop, i)) }),
    sentence: /none of the 2 series can be used; (line 9|row 8), sold: "n\.v\." is not a number; if missing, add --missing n\.v\.$/,
  },
  {
    law: "too few rows are counted, with a horizon that fits",
    text: shops({ days: 14 }),
    args: ["--id", "shop", "--target", "sold", "--horizon", "12", "--input", "24"],
    sentence: /^14 rows; horizon 12 with input 24 needs 60\. Try --horizon 2 --input 4\.$/,
  },
  {
    law: "times that appear twice in every series are shown with their lines",
    text: shops().replace(/2022-01-09/g, "2022-01-08"),
    sentence: /none of the 2 series can be used; 2022-01-08 appears twice \((lines 9, 10|rows 8, 9)\): --duplicates mean\.$/,
  },
  { law: "an empty file is called empty", text: "", sentence: /is empty\.$/, isTextOnly: true },
  {
    law: "a line with too many fields is counted",
    text: shops().replace(/^s0,2022-01-06.*$/m, "s0,2022-01-06,1,234,no"),
    sentence: /^line 7 has 5 fields, the header 4\. A quoted comma\?$/,
    isTextOnly: true,
  },
  {
    law: "dates that could be read both ways are not guessed",
    text: `shop,day,sold\n${[0, 1].flatMap((shop) => Array.from({ length: 60 }, (_, i) => `s${shop},0${(i % 9) + 1}/0${1 + Math.floor(i / 9)}/2020,${100 + i}`)).join("\n")}\n`,
    sentence: /^"02\/01\/2020" fits day or month first throughout; give --date-order dmy\|mdy\.$/,
    // Dates of a Parquet file are dates.
    isTextOnly: true,
  },
  {
    law: "series that never move cannot be learnt",
    text: shops({ cell: () => 5 }),
    sentence: /none of the 2 series can be used; sold of s0 is 5 in every row: nothing to learn\.$/,
  },
  {
    law: "known-future columns must reach over the horizon",
    text: shops({ ahead: 2 }),
    args: ["--id", "shop", "--target", "sold", "--future", "promo", "--horizon", "5"],
    sentence:
      /s0: the future of promo is known for 2 rows after 2022-03-01; the forecast needs 5\. Add rows without a target, or give --horizon 2\./,
  },
];

/** The rows in every form of file that can hold them and be written here. */
async function formsOf(desk: Desk, { text, isTextOnly = false }: Case): Promise<readonly string[]> {
  desk.write("shops.csv", text);
  desk.write("shops.csv.gz", gzipSync(text));
  if (duckdb === null || isTextOnly) return ["shops.csv", "shops.csv.gz"];
  await parquetOf(join(desk.path, "shops.csv"), join(desk.path, "shops.parquet"));
  return ["shops.csv", "shops.csv.gz", "shops.parquet"];
}

for (const each of cases) {
  test(`of many series: ${each.law}`, async (t) => {
    const desk = openDesk(t);
    const { args = ["--id", "shop", "--target", "sold"], sentence } = each;
    for (const file of await formsOf(desk, each)) {
      const before = desk.names();
      const { code, stdout, stderr } = await desk.run(["forecast", file, ...args, "--json"]);
      const { ok, error } = JSON.parse(stdout) as { ok: boolean; error: { message: string } };
      assert.deepEqual([code, ok], [2, false], `${file}: ${stderr}`);
      assert.match(error.message, sentence, file);
      assert.deepEqual(desk.names(), before, file);
    }
  });
}

test("of many series: files that are no tables are called what they are", async (t) => {
  const desk = openDesk(t);
  desk.write("shops.xlsx", Uint8Array.from([0x50, 0x4b, 3, 4, 20, 0, 6, 0, 8, 0]));
  desk.write("shops.parquet", "PAR1 and more");
  const said = async (file: string): Promise<string> => {
    const { code, stdout } = await desk.run(["forecast", file, "--id", "shop", "--json"]);
    assert.equal(code, 2);
    return (JSON.parse(stdout) as { error: { message: string } }).error.message;
  };
  assert.equal(await said("shops.xlsx"), "shops.xlsx is a spreadsheet; export it as CSV.");
  const without = /^Reading Parquet needs @duckdb\/node-api: npm i @duckdb\/node-api\.$/;
  assert.match(await said("shops.parquet"), duckdb === null ? without : /^shops\.parquet /);
});

const settings = ["--horizon", "7", "--input", "14", "--units", "8", "--layers", "1", "--epochs", "6", "--seed", "4"];
const columns = ["--id", "shop", "--target", "sold", "--future", "promo", "--calendar", "weekday"];
const args = ["forecast", "shops.csv", ...columns, ...settings, "--json"];

test("many series with columns, stopped by Ctrl-C and resumed, give the result of a run that never stopped", async (t) => {
  const desk = openDesk(t);
  desk.write("shops.csv", shops({ days: 150, ahead: 7 }));
  assert.equal((await desk.run([...args, "--out", "whole"])).code, 0);
  const first = await desk.run([...args, "--out", "parts"], { signalAfter: { text: "backend:", signal: "SIGINT" } });
  assert.equal(first.code, 130, first.stderr);
  const last = await desk.run(["resume", "parts", "--json"]);
  assert.equal(last.code, 0, last.stderr);
  assert.deepEqual(outcomeOf(desk, "parts"), outcomeOf(desk, "whole"));
});

test("the number of threads changes no bit of many series", async (t) => {
  const desk = openDesk(t);
  desk.write("shops.csv", shops({ days: 150, ahead: 7 }));
  for (const threads of ["1", "3"]) assert.equal((await desk.run([...args, "--threads", threads, "--out", threads])).code, 0);
  assert.deepEqual(outcomeOf(desk, "1"), outcomeOf(desk, "3"));
});

test("a saved model of many series goes on with new rows and new series, and scores them", async (t) => {
  const desk = openDesk(t);
  desk.write("shops.csv", shops({ days: 150, ahead: 7 }));
  desk.write(
    "newer.csv",
    `${shops({ days: 157, ahead: 7 })}${shops({ days: 157, ahead: 7 }).replace(/^s1/gm, "s9").split("\n").slice(165).join("\n")}`,
  );
  assert.equal((await desk.run([...args, "--out", "run"])).code, 0);
  const predicted = JSON.parse((await desk.run(["predict", "run", "newer.csv", "--json"])).stdout);
  assert.deepEqual(
    [predicted.result.count, predicted.result.predictions[0].time, predicted.warnings.map(({ code }: { code: string }) => code)],
    [21, day(157), ["new_series"]],
  );
  const scored = JSON.parse((await desk.run(["evaluate", "run", "newer.csv", "--test", "14", "--json"])).stdout);
  assert.deepEqual([scored.result.data.series, scored.result.evaluation.points], [3, 42]);
  desk.write("bare.csv", shops({ days: 157 }).replace(",promo", ",offer"));
  const refused = await desk.run(["predict", "run", "bare.csv", "--json"]);
  assert.equal(refused.code, 2);
  assert.match(JSON.parse(refused.stdout).error.message, /^bare\.csv has no column "promo"\. Its columns are shop, day, sold, offer\.$/);
});
