// A command typed wrongly: one sentence on stderr, exit code 2, nothing on stdout, no file.
import assert from "node:assert/strict";
import { test } from "node:test";
import { monthlyCsv, openDesk } from "./run.js";

const mistakes: readonly (readonly [string, readonly string[], RegExp])[] = [
  ["an unknown verb is answered with the nearest one", ["forcast", "sales.csv"], /^Unknown command 'forcast'\. Did you mean forecast\?\n$/],
  [
    "an unknown option is answered with the nearest one",
    ["forecast", "sales.csv", "--learning-rat", "1"],
    /^Unknown option '--learning-rat'\. Did you mean --learning-rate\?\n$/,
  ],
  ["an option that does not work yet does not exist", ["forecast", "sales.csv", "--beam", "5"], /^Unknown option '--beam'\..*\n$/],
  ["a missing file argument is named", ["forecast"], /^Missing required argument 'file'\..*\n$/],
  ["a surplus argument is an error", ["forecast", "sales.csv", "more.csv"], /^Too many arguments for 'forecast'\..*\n$/],
  [
    "epochs must be a whole number",
    ["forecast", "sales.csv", "--epochs", "2.5"],
    /'--epochs <n>' argument '2\.5' is invalid\. A whole number of at least 1 is needed\./,
  ],
  [
    "an empty word for missing cells says nothing",
    ["forecast", "sales.csv", "--missing", ""],
    /'--missing <text>' argument '' is invalid\. A text that is not empty, or a list of them, is needed\./,
  ],
  ["a horizon of zero is refused", ["forecast", "sales.csv", "--horizon", "0"], /'--horizon <rows>' argument '0' is invalid/],
  ["a test share of nothing is refused", ["classify", "--test", "0"], /A number above 0 and up to 0\.9 is needed\./],
  ["dropout of one is refused", ["forecast", "sales.csv", "--dropout", "1"], /A number from 0 to below 1 is needed\./],
  ["a learning rate of zero is refused", ["forecast", "sales.csv", "--learning-rate", "0"], /A number above 0 is needed\./],
  ["every width must be a whole number", ["forecast", "sales.csv", "--units", "64,x"], /'--units <n>' argument '64,x' is invalid/],
  [
    "an unknown backend lists the known ones",
    ["forecast", "sales.csv", "--backend", "gpu"],
    /Allowed choices are auto, native, wasm, reference\./,
  ],
  [
    "a backend typed wrongly is answered with the nearest one",
    ["forecast", "sales.csv", "--backend", "wsm"],
    /Allowed choices are auto, native, wasm, reference\. Did you mean wasm\?\n$/,
  ],
  ["help for an unknown verb is a sentence", ["help", "bogus"], /^Unknown command 'bogus'\. The commands are forecast, .*predict.*\.\n$/],
  ["an empty file name is shown as such", ["forecast", ""], /"" ?.*\n$/],
  [
    "a table is no model",
    ["predict", "sales.csv", "sales.csv"],
    /^sales\.csv is no model\. Give the run folder, or the model folder inside it\.\n$/,
  ],
  [
    "a folder that is not there is no model",
    ["predict", "models/none", "sales.csv"],
    /^models\/none does not exist\. Train one first: deep-rnn forecast FILE\.\n$/,
  ],
  ["--out must not be a file", ["forecast", "sales.csv", "--out", "sales.csv"], /^--out sales\.csv is a file, not a folder\.\n$/],
  [
    "a target given twice is refused, and no value wins in silence",
    ["forecast", "sales.csv", "--target", "Sales", "--target", "Month"],
    /^--target is given twice, the second time as Month\. Give it once\.\n$/,
  ],
  [
    "so is a choice",
    ["forecast", "sales.csv", "--stack", "plain", "--stack", "dilated"],
    /^--stack is given twice, the second time as dilated\./,
  ],
  ["a full --out needs --force", ["forecast", "sales.csv", "--out", "."], /^\. is not empty\. Choose another folder, or add --force\.\n$/],
];

for (const [law, args, sentence] of mistakes) {
  test(law, async (t) => {
    const desk = openDesk(t);
    desk.write("sales.csv", monthlyCsv(60));
    const { code, stdout, stderr } = await desk.run(args);
    assert.match(stderr, sentence);
    assert.equal(stderr.trimEnd().split("\n").length, 1);
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assert.deepEqual(desk.names(), ["sales.csv"]);
  });
}

test("global options may stand before the verb", async (t) => {
  const desk = openDesk(t);
  const { code, stdout } = await desk.run(["--json", "--threads", "1", "--backend=wasm", "forecast", "none.csv"]);
  const bad = JSON.parse(stdout) as { command: string; error: { code: string } };
  assert.deepEqual([bad.command, bad.error.code, code], ["forecast", "file_not_found", 2]);
});

test("a signal while the modules are loaded gives the exit code of an interrupted run, or ends the process by itself", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(60));
  const { code, stdout } = await desk.run(["forecast", "sales.csv"], { signalAfter: { text: "sales.csv: 60 rows", signal: "SIGTERM" } });
  // If training had begun by then, a run to resume is left.
  assert.deepEqual([code, stdout, desk.names().filter((name) => name !== "runs")], [143, "", ["sales.csv"]]);
});

test("no verb shows the help on stderr and exits with 2", async (t) => {
  const { code, stdout, stderr } = await openDesk(t).run([]);
  assert.match(stderr, /^Usage: deep-rnn/);
  assert.equal(stdout, "");
  assert.equal(code, 2);
});

test("--help is a result: stdout, exit code 0", async (t) => {
  const { code, stdout, stderr } = await openDesk(t).run(["forecast", "--help"]);
  assert.match(stdout, /--horizon <rows>/);
  assert.equal(stderr, "");
  assert.equal(code, 0);
});

test("a usage error under --json is one JSON value with the command and a code", async (t) => {
  const { code, stdout, stderr } = await openDesk(t).run(["forecast", "x.csv", "--epoch", "3", "--json"]);
  const bad: unknown = JSON.parse(stdout);
  assert.deepEqual(bad, {
    version: 1,
    command: "forecast",
    ok: false,
    error: {
      code: "usage_unknown_option",
      message: "Unknown option '--epoch'. Did you mean --epochs?",
      hint: "Did you mean --epochs?",
      file: null,
      line: null,
      column: null,
    },
  });
  assert.equal(stderr, "Unknown option '--epoch'. Did you mean --epochs?\n");
  assert.equal(code, 2);
});

test("DEBUG adds the stack that is otherwise kept back", async (t) => {
  const desk = openDesk(t);
  const { stderr } = await desk.run(["predict", "nothing", "x.csv"], { env: { DEBUG: "1" } });
  assert.match(stderr, /\n\s+at /);
});
