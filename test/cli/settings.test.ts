// Where a setting comes from: flag over environment over config file over default, each refused by name when it is wrong.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { createProgram } from "../../src/cli/program.js";
import { checked } from "../../src/cli/settings/kinds.js";
import { settingsOf } from "../../src/cli/settings/setting.js";
import { monthlyCsv, openDesk } from "./run.js";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

type Shown = Readonly<Record<string, { readonly value: unknown; readonly origin: string; readonly from?: string }>>;

function commands(): readonly Command[] {
  return createProgram({ start: async () => {}, version: "0", write: () => {} }).commands;
}

test("flag, environment, config file and default are asked in this order, and each is named as the origin", async (t) => {
  const desk = openDesk(t);
  desk.write(
    "c.json",
    '{ "units": [16, 8], "threads": 3, "seed": 5, "forecast": { "threads": 2, "cell": "lstm" }, "doctor": { "require": "healthy" } }',
  );
  const env = { DEEP_RNN_SEED: "6", DEEP_RNN_CELL: "elman", DEEP_RNN_CONFIG: "c.json" };
  const { code, stdout, stderr } = await desk.run(["forecast", "--cell", "gru", "--print-config"], { env });
  assert.equal(code, 0, stderr);
  const shown = JSON.parse(stdout) as Shown;
  assert.deepEqual(shown.cell, { value: "gru", origin: "flag" });
  assert.deepEqual(shown.seed, { value: 6, origin: "environment", from: "DEEP_RNN_SEED" });
  assert.deepEqual(shown.threads, { value: 2, origin: "config", from: "c.json" });
  assert.deepEqual(shown.units, { value: [16, 8], origin: "config", from: "c.json" });
  assert.deepEqual(shown.layers, { value: 2, origin: "default" });
  assert.deepEqual(shown.horizon, { value: null, origin: "data" });
  assert.ok(!("require" in shown) || shown.require?.value === null);
});

test("options behind npm start stand above its own", async (t) => {
  const { scripts }: { scripts: { start: string } } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const [node, bin, ...words] = scripts.start.split(" ");
  assert.deepEqual([node, bin], ["node", "bin/deep-rnn.js"]);
  const args = words.map((word) => (word.startsWith("data/") ? join(root, word) : word));
  const { code, stdout, stderr } = await openDesk(t).run([...args, "--test", "12", "--print-config"]);
  assert.equal(code, 0, stderr);
  const { test: held, cell, units } = JSON.parse(stdout) as Shown;
  assert.deepEqual([held, cell?.value, units?.value], [{ value: 12, origin: "flag" }, "elman", 128]);
});

test("what a file says of other cells, layers and strategies gives way to a flag, and is told; beside a flag of its own it is refused", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(120));
  desk.write("c.json", '{ "cell": "elman", "activation": "relu", "layers": 3 }');
  const run = (...flags: string[]): ReturnType<typeof desk.run> =>
    desk.run(["forecast", "sales.csv", "--config", "c.json", "--dry-run", "--quiet", "--json", ...flags]);
  const gru = await run("--cell", "gru", "--units", "8,4");
  assert.deepEqual(
    [gru.code, gru.stderr],
    [
      0,
      "Warning: layers 3 of c.json does not go with --units 8,4 and is left out.\nWarning: activation relu of c.json does not go with --cell gru and is left out.\n",
    ],
  );
  const smoothing = await run("--strategy", "es-rnn");
  assert.equal(smoothing.code, 0, smoothing.stderr);
  assert.equal(smoothing.stderr.match(/ of c\.json does not go with --strategy es-rnn and is left out\.$/gm)?.length, 3);
  assert.equal((await run("--units", "8")).stderr, "");
  const refused = await run("--cell", "gru", "--activation", "relu");
  assert.match(refused.stderr, /^--activation relu is for elman cells; gru brings its own\./);
});

test("--print-config does nothing else, and is one envelope under --json", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(60));
  const { code, stdout } = await desk.run(["--json", "--print-config", "forecast", "sales.csv", "--units", "4"]);
  const envelope = JSON.parse(stdout) as { ok: boolean; command: string; result: { settings: Shown } };
  assert.deepEqual([code, envelope.ok, envelope.command], [0, true, "forecast"]);
  assert.deepEqual(envelope.result.settings.units, { value: 4, origin: "flag" });
  assert.deepEqual(desk.names(), ["sales.csv"]);
});

test("what --print-config and a run write can be given back with --config: the same run again", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(72));
  const small = ["--units", "4", "--layers", "1", "--epochs", "2", "--seed", "3"];
  const printed = await desk.run(["forecast", ...small, "--print-config"]);
  desk.write("printed.json", printed.stdout);
  const first = await desk.run(["forecast", "sales.csv", ...small, "--json", "--quiet"]);
  assert.equal(first.code, 0, first.stderr);
  for (const config of ["printed.json", "runs/forecast-sales-1/config.json"]) {
    const again = await desk.run(["forecast", "sales.csv", "--config", config, "--json", "--quiet"]);
    assert.equal(again.code, 0, again.stderr);
    assert.deepEqual((JSON.parse(again.stdout) as { result: unknown }).result, (JSON.parse(first.stdout) as { result: unknown }).result);
  }
});

const wrong: readonly (readonly [law: string, config: string, sentence: RegExp])[] = [
  ["a key that no command has is answered with the nearest", '{"unit": 1}', /^c\.json: "unit" is no setting\. Did you mean "units"\?\n$/],
  ["so is one in a section", '{"forecast": {"epoch": 1}}', /^c\.json: "epoch" is no setting of forecast\. Did you mean "epochs"\?\n$/],
  [
    "a value of the wrong kind names file and key",
    '{"horizon": "12"}',
    /^c\.json: horizon is "12"; a whole number of at least 1 is needed\.\n$/,
  ],
  [
    "so does an empty word in a list",
    '{"missing": ["n.v.", " "]}',
    /^c\.json: missing is \["n\.v\."," "\]; a text that is not empty, or a list of them, is needed\.\n$/,
  ],
  [
    "also in the section of another command",
    '{"doctor": {"require": "well"}}',
    /^c\.json: doctor\.require is "well"; allowed choices are healthy\.\n$/,
  ],
  ["a choice typed wrongly is answered with the nearest", '{"backend": "wsm"}', /Did you mean wasm\?\n$/],
  ["a section must be an object", '{"forecast": 3}', /^c\.json: forecast must be an object with settings of that command\.\n$/],
  ["the file must hold an object", "[1]", /^c\.json must hold one JSON object with settings by name\.\n$/],
  ["a key that every object has is no setting either", '{"__proto__": {"units": 3}}', /^c\.json: "__proto__" is no setting\. /],
  ["nor is one in a section", '{"forecast": {"constructor": 3}}', /^c\.json: "constructor" is no setting\. /],
  ["text that is no JSON is said to be so", "{units: 3}", /^c\.json is not JSON: .*\.\n$/],
];
for (const [law, config, sentence] of wrong) {
  test(`config file: ${law}`, async (t) => {
    const desk = openDesk(t);
    desk.write("sales.csv", monthlyCsv(60));
    desk.write("c.json", config);
    const { code, stdout, stderr } = await desk.run(["forecast", "sales.csv", "--config", "c.json"]);
    assert.match(stderr, sentence);
    assert.deepEqual([code, stdout, desk.names()], [2, "", ["c.json", "sales.csv"]]);
  });
}

test("a config file that is not there is named", async (t) => {
  const { code, stderr } = await openDesk(t).run(["doctor", "--config", "none.json"]);
  assert.deepEqual([code, stderr], [2, "There is no config file none.json. Check --config.\n"]);
});

test("a wrong value in the environment names the variable; a variable that sets nothing is warned of", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(60));
  const bad = await desk.run(["forecast", "sales.csv"], { env: { DEEP_RNN_EPOCHS: "many" } });
  assert.deepEqual([bad.code, bad.stderr], [2, 'DEEP_RNN_EPOCHS is "many"; a whole number of at least 1 is needed.\n']);
  const near = await desk.run(["forecast", "sales.csv", "--dry-run", "--json"], { env: { DEEP_RNN_EPOCS: "3" } });
  assert.equal(near.code, 0);
  assert.match(near.stderr, /DEEP_RNN_EPOCS sets nothing\. Did you mean DEEP_RNN_EPOCHS\?/);
  assert.equal((JSON.parse(near.stdout) as { warnings: { code: string }[] }).warnings[0]?.code, "unknown_variable");
});

test("switches work in the environment too, on and off", async (t) => {
  const desk = openDesk(t);
  const on = await desk.run(["forecast", "none.csv"], { env: { DEEP_RNN_JSON: "1" } });
  assert.equal((JSON.parse(on.stdout) as { ok: boolean }).ok, false);
  const off = await desk.run(["forecast", "none.csv"], { env: { DEEP_RNN_JSON: "0" } });
  assert.equal(off.stdout, "");
});

test("every verb has the global options, three worked examples, and a description of every option", () => {
  for (const command of commands()) {
    const names = settingsOf(command).map(({ long }) => long);
    for (const name of [
      "--json",
      "--quiet",
      "--no-color",
      "--seed",
      "--out",
      "--force",
      "--threads",
      "--backend",
      "--config",
      "--print-config",
    ])
      assert.ok(names.includes(name), `${command.name()} ${name}`);
    let help = "";
    command
      .configureOutput({
        writeOut: (text) => {
          help += text;
        },
      })
      .outputHelp();
    assert.equal(help.match(/^ {2}\$ /gm)?.length, 3, command.name());
    for (const { description } of command.options) assert.ok(description.length > 10);
  }
});

test("an option given twice makes a list or is refused, whatever the command", () => {
  const texts = ["1", "2", "0.3", "0.7", "comma", "mase<1", "auroc>0.8", "maeRatio<1", "word"];
  for (const command of commands()) {
    for (const setting of settingsOf(command).filter(({ required }) => required)) {
      const { kind, long, parseArg } = setting;
      const text = [...(kind.choices ?? []), ...texts].find((each) => checked(kind, kind.read(each)) !== null)!;
      const once: unknown = parseArg!(text, undefined as never);
      if (kind.repeatable) assert.deepEqual(parseArg!(text, once as never), [...(once as string[]), ...(once as string[])]);
      else assert.throws(() => parseArg!(text, once as never), { message: new RegExp(`^${long} is given twice, .*\\. Give it once\\.`) });
    }
  }
});

test("the defaults of the help are those in force", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(60));
  const { code, stderr } = await desk.run(["forecast", "sales.csv", "--epochs", "1", "--out", "run", "--quiet", "--units", "2"]);
  assert.equal(code, 0, stderr);
  const used = JSON.parse(desk.read("run/config.json")) as Shown;
  const forecast = commands().find((command) => command.name() === "forecast");
  assert.ok(forecast);
  for (const setting of settingsOf(forecast)) {
    const { standard } = setting.otherwise;
    const name = setting.attributeName();
    if (standard === undefined || used[name]?.origin !== "default") continue;
    assert.deepEqual(used[name].value, standard, name);
  }
  assert.equal(used.layers?.origin, "default");
});
