// `--cell ./mine.js`: tasks train with a user's cell, models that use it say so, and nothing runs that the command line does not name.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Desk, monthlyCsv, openDesk } from "./run.js";

const head = 'import { add, defineCell, matmul, sigmoid, sub, mul, tanh, weight } from "deep-rnn";\n';
const params = "params: ({ inputSize, units }) => ({ W: weight([inputSize, units]), U: weight([units, units]), b: weight([units]) })";

/** The text of a file with a cell; `step` sees x, h and p. */
function cellText(step = "add(mul(0.5, h), tanh(add(matmul(x, p.W), matmul(h, p.U), p.b)))", name = "leaky"): string {
  return `defineCell({ name: "${name}", state: { h: "units" }, output: "h", ${params},\nstep: (x, { h }, p) => ({ h: ${step} }) })`;
}

const training = ["--epochs", "2", "--units", "6", "--layers", "1", "--quiet"];

function deskWith(
  t: Parameters<typeof openDesk>[0],
  files: Readonly<Record<string, string>> = { "mine.js": `${head}export const leaky = ${cellText()};\n` },
): Desk {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(80));
  for (const [name, text] of Object.entries(files)) desk.write(name, text);
  return desk;
}

test("a forecast trains with the cell of a file, and predict, evaluate and explain use the model with it", async (t) => {
  const desk = deskWith(t);
  const { code, stdout, stderr } = await desk.run(["forecast", "sales.csv", "--cell", "./mine.js", "--json", "--out", "run", ...training]);
  assert.equal(code, 0, stderr);
  assert.equal((JSON.parse(stdout) as { result: { network: { cell: string } } }).result.network.cell, "leaky");
  for (const args of [
    ["predict", "run", "sales.csv"],
    ["evaluate", "run", "sales.csv"],
    ["explain", "run"],
  ]) {
    const bare = await desk.run([...args, "--quiet"]);
    assert.deepEqual(
      [bare.code, bare.stderr],
      [2, "This model uses cell leaky; pass it in cells. On the command line: --cell ./mine.js\n"],
    );
    const given = await desk.run([...args, "--quiet", "--cell", "./mine.js"]);
    assert.deepEqual([given.code, given.stderr], [0, ""]);
  }
});

test("a cell file has the weights of the built-in cell that it writes down", async (t) => {
  const elman = cellText("tanh(add(matmul(x, p.W), matmul(h, p.U), p.b))", "mine");
  const desk = deskWith(t, { "mine.mjs": `${head}export default ${elman};` });
  const parameters = async (cell: string): Promise<number> => {
    const { stdout } = await desk.run(["forecast", "sales.csv", "--dry-run", "--json", "--cell", cell, "--quiet", "--units", "5,7"]);
    return (JSON.parse(stdout) as { result: { network: { parameters: number } } }).result.network.parameters;
  };
  assert.equal(await parameters("./mine.mjs"), await parameters("elman"));
});

test("es-rnn trains from the command line, and refuses a cell only if one is named", async (t) => {
  const desk = deskWith(t);
  const asked = ["forecast", "sales.csv", "--strategy", "es-rnn", "--epochs", "1", "--units", "4", "--quiet"];
  const trained = await desk.run([...asked, "--json", "--out", "run"]);
  assert.equal(trained.code, 0, trained.stderr);
  assert.deepEqual((JSON.parse(trained.stdout) as { result: { network: { units: number[] } } }).result.network.units.slice(0, 1), [4]);
  const predicted = await desk.run(["predict", "run", "sales.csv", "--quiet"]);
  assert.equal(predicted.code, 0, predicted.stderr);
  const refused = await desk.run([...asked, "--cell", "gru"]);
  assert.deepEqual(
    [refused.code, refused.stderr],
    [2, "--strategy es-rnn brings its own layers: --cell cannot be part of it. Leave it out; --units sets their width.\n"],
  );
});

test("classify and impute take a cell file too", async (t) => {
  const desk = deskWith(t);
  const events = Array.from({ length: 40 }, (_, id) =>
    Array.from({ length: 4 }, (_, time) => `${id},${time},${id % 2 === 0 ? "a" : "b"},${id + time}`),
  ).flat();
  desk.write("events.csv", `${["id,time,parameter,value", ...events].join("\n")}\n`);
  desk.write("outcomes.csv", `${["id,died", ...Array.from({ length: 40 }, (_, id) => `${id},${id % 2}`)].join("\n")}\n`);
  desk.write("holes.csv", monthlyCsv(60).replace(/^(2001-.*),\d+$/gm, "$1,"));
  const small = ["--cell", "mine.js", "--epochs", "1", "--units", "4", "--json", "--quiet"];
  const classified = await desk.run([
    "classify",
    "--events",
    "events.csv",
    "--label",
    "outcomes.csv",
    "--members",
    "1",
    ...small,
    "--out",
    "c",
  ]);
  assert.equal(classified.code, 0, classified.stderr);
  assert.match(classified.stdout, /"cell":"leaky-with-decay"/);
  assert.match((await desk.run(["resume", "c", "--cell", "mine.js", "--quiet"])).stdout, /deep-rnn predict c NEW-EVENTS --cell mine\.js$/m);
  const bare = await desk.run(["predict", "c", "events.csv", "--quiet"]);
  assert.deepEqual([bare.code, bare.stderr], [2, "This model uses cell leaky; pass it in cells. On the command line: --cell ./mine.js\n"]);
  assert.equal((await desk.run(["predict", "c", "events.csv", "--quiet", "--cell", "mine.js"])).code, 0);
  const filled = await desk.run(["impute", "holes.csv", ...small, "--out", "i"]);
  assert.equal(filled.code, 0, filled.stderr);
  assert.match(filled.stdout, /"cell":"brits\(leaky\)"/);
});

test("a stopped run with a cell file resumes only if the command line names the file again, and then ends as if never stopped", async (t) => {
  const desk = deskWith(t);
  const args = ["forecast", "sales.csv", "--cell", "./mine.js", "--epochs", "6", "--units", "6"];
  assert.equal((await desk.run([...args, "--out", "whole"])).code, 0);
  const stopped = await desk.run([...args, "--out", "parts"], { signalAfter: { text: "backend:", signal: "SIGINT" } });
  assert.equal(stopped.code, 130);
  assert.match(stopped.stderr, /To go on: deep-rnn resume parts --cell \.\/mine\.js\n$/);
  const bare = await desk.run(["resume", "parts"]);
  assert.equal(bare.code, 2);
  assert.match(
    bare.stderr,
    /^parts was started with --cell \.\/mine\.js, a file that runs only if this command line names it\. .*--cell \.\/mine\.js\n$/,
  );
  const last = await desk.run(["resume", "parts", "--cell", "./mine.js"]);
  assert.equal(last.code, 0, last.stderr);
  const weights = (run: string): Buffer => readFileSync(join(desk.path, run, "model/weights.safetensors"));
  assert.ok(weights("parts").equals(weights("whole")));
});

test("a cell file that only a config file names is not run", async (t) => {
  const desk = deskWith(t, { "mine.js": 'import { writeFileSync } from "node:fs"; writeFileSync("ran", "");' });
  desk.write("settings.json", '{ "cell": "./mine.js" }');
  const { code, stderr } = await desk.run(["forecast", "sales.csv", "--config", "settings.json"]);
  assert.deepEqual([code, existsSync(join(desk.path, "ran"))], [2, false]);
  assert.equal(
    stderr,
    "settings.json names the cell file ./mine.js, which is run only if the command line names it. Add --cell ./mine.js.\n",
  );
});

test("what a cell file prints goes to stderr: stdout keeps exactly one JSON value", async (t) => {
  const talking = cellText().replace("step: (x, { h }, p) => (", 'step: (x, { h }, p) => (console.log("traced"), ');
  const desk = deskWith(t, { "mine.js": `${head}console.log("loaded"); export default ${talking};` });
  const { code, stdout, stderr } = await desk.run(["forecast", "sales.csv", "--cell", "./mine.js", "--json", ...training]);
  assert.deepEqual([code, (JSON.parse(stdout) as { ok: boolean }).ok], [0, true]);
  assert.match(stderr, /^loaded\ntraced\n/);
});

test("a cell that keeps inputs cannot go from an encoder to a decoder, and says so", async (t) => {
  const keeping = cellText("tanh(add(matmul(x, p.W), matmul(h, p.U), p.b)), last: x").replace(
    'state: { h: "units" }',
    'state: { h: "units", last: "inputSize" }',
  );
  const desk = deskWith(t, { "mine.js": `${head}export default ${keeping};` });
  const args = ["forecast", "sales.csv", "--cell", "./mine.js", "--dry-run", "--quiet"];
  assert.equal((await desk.run(args)).code, 0);
  const { code, stderr } = await desk.run([...args, "--strategy", "encoder-decoder"]);
  assert.equal(code, 2);
  assert.match(stderr, /^cell leaky keeps inputs in its state "last", .*Give --strategy direct or recursive\.\n$/);
});

test("a cell that does not exist is told once for a table of many series, not for each of them", async (t) => {
  const desk = openDesk(t);
  const rows = ["a", "b"].flatMap((id) =>
    monthlyCsv(60)
      .trimEnd()
      .split("\n")
      .slice(1)
      .map((row) => `${id},${row}`),
  );
  desk.write("shops.csv", `${["Shop,Month,Sales", ...rows].join("\n")}\n`);
  const { code, stderr } = await desk.run(["forecast", "shops.csv", "--id", "Shop", "--cell", "grru", "--quiet"]);
  assert.deepEqual([code, stderr], [2, 'There is no cell "grru". Did you mean "gru"?\n']);
});

test("the export is chosen by a plain rule: the default, the only one, or the one after #", async (t) => {
  const desk = deskWith(t, {
    "two.js": `${head}export const a = ${cellText(undefined, "a")}; export const b = ${cellText(undefined, "b")};`,
    "main.js": `${head}export const a = ${cellText(undefined, "a")}; export default ${cellText(undefined, "b")};`,
    "same.js": `${head}export const a = ${cellText(undefined, "a")}; export default a; export const more = [1, 2];`,
  });
  for (const [cell, name] of [
    ["./two.js#b", "b"],
    ["./main.js", "b"],
    ["./main.js#a", "a"],
    ["same.js", "a"],
  ] as const) {
    const { stdout, stderr } = await desk.run(["forecast", "sales.csv", "--cell", cell, "--dry-run", "--json", "--quiet"]);
    assert.equal(stderr, "");
    assert.equal((JSON.parse(stdout) as { result: { network: { cell: string } } }).result.network.cell, name);
  }
});

const mistakes: readonly (readonly [what: string, text: string | null, sentence: RegExp])[] = [
  ["a file that is not there", null, /^\.\/mine\.js does not exist\. Check --cell\.\n$/],
  ["a file without a cell", `${head}export const a = 1;`, /^\.\/mine\.js exports no cell\. /],
  [
    "several cells",
    `${head}export const a = ${cellText()}; export const b = ${cellText()};`,
    /exports 2 cells \(a, b\)\. Choose one, as in --cell \.\/mine\.js#a\.\n$/,
  ],
  ["a mistake of grammar", `${head}export const = 1;`, /^\.\/mine\.js \(line 2\) is no valid module: Unexpected token '='\.\n$/],
  ["an error while loading", `${head}\nthrow new Error("boom");`, /^\.\/mine\.js \(line 3\) fails while it is loaded: boom\.\n$/],
  [
    "a package that is not there",
    'import "no-such-thing";',
    /^\.\/mine\.js fails while it is loaded: Cannot find package 'no-such-thing' /,
  ],
  [
    "a name that the library has not",
    'import { lstmm } from "deep-rnn"; export const a = lstmm;',
    /does not provide an export named 'lstmm'\.\n$/,
  ],
  [
    "a definition that does not fit",
    `${head}export default ${cellText().replace('"units"', '"unitz"')};`,
    /^\.\/mine\.js: cell leaky: state "h" has size "unitz"\. /,
  ],
  [
    "a state of the wrong size",
    `${head}export default ${cellText("x")};`,
    /^cell leaky: state "h" is declared \[\d+\] and step returned it as \[1\] in layer "read1"/,
  ],
  [
    "an error in the step",
    `${head}export default ${cellText("gone(x)")};`,
    /^cell leaky: its step fails: gone is not defined \(\.\/mine\.js, line 3\) in layer "read1"\.\n$/,
  ],
  [
    "a value that no task has",
    `${head}export default ${cellText().replace("state:", 'row: ["memory"], state:')};`,
    /^cell leaky needs memory for each row, which no task gives\. /,
  ],
];

for (const [what, text, sentence] of mistakes) {
  test(`of a cell file, ${what} is one sentence and exit code 2`, async (t) => {
    const desk = deskWith(t, text === null ? {} : { "mine.js": text });
    const before = desk.names();
    const { code, stdout, stderr } = await desk.run(["forecast", "sales.csv", "--cell", "./mine.js", "--quiet"]);
    assert.match(stderr, sentence);
    assert.equal(stderr.trimEnd().split("\n").length, 1);
    assert.deepEqual([code, stdout, desk.names()], [2, "", before]);
  });
}
