// Models that are cut, edited or hostile, given to the command line: exit code 2, one sentence, no file written.
import assert from "node:assert/strict";
import { cpSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { describeFailure } from "../../src/cli/failure.js";
import { modelFolder } from "../../src/cli/model-path.js";
import { dense, loadModel, lstm, sequential } from "../../src/index.js";
import { readZip, writeZip } from "../../src/io/zip.js";
import { drawer } from "../io/mutations.js";
import { openDesk } from "./run.js";

async function saved(path: string): Promise<void> {
  const model = sequential([lstm({ units: 8 }), dense({ units: 1 })]);
  model.compile({ optimizer: "adam", loss: "mse" });
  model.build(["time", 2]);
  await model.save(path);
}

test("weights cut at 100 random lengths are always refused with exit code 2", async (t) => {
  const desk = openDesk(t);
  const path = join(desk.path, "m");
  await saved(path);
  const file = join(path, "weights.safetensors");
  const whole = readFileSync(file);
  const draw = drawer(5);
  for (let count = 0; count < 100; count++) {
    const length = draw(whole.length);
    writeFileSync(file, whole.subarray(0, length));
    // The command's own way in, without a process for each length.
    const error = await loadModel(modelFolder(path)).then(
      () => assert.fail(`${length} of ${whole.length} bytes were loaded`),
      (reason: unknown) => reason,
    );
    const { exitCode, bad } = describeFailure(error, "predict");
    assert.equal(exitCode, 2, `${length} bytes: ${bad.error.message}`);
    assert.match(bad.error.message, /weights\.safetensors is damaged: [^\n]+\.$/);
  }
});

test("every verb that reads a model says what is wrong with it, once, and exits with 2", async (t) => {
  const desk = openDesk(t);
  await saved(join(desk.path, "m"));
  await saved(join(desk.path, "m.drnn"));
  const at = (...names: string[]): string => join(desk.path, ...names);
  const archive = readZip(readFileSync(at("m.drnn")));
  const broken = (name: string): string => {
    cpSync(at("m"), at(name), { recursive: true });
    return at(name);
  };
  writeFileSync(join(broken("cut"), "weights.safetensors"), readFileSync(at("m", "weights.safetensors")).subarray(0, 300));
  const document = readFileSync(at("m", "model.json"), "utf8");
  writeFileSync(join(broken("deep"), "model.json"), `${"[".repeat(1e5)}${"]".repeat(1e5)}`);
  writeFileSync(join(broken("huge"), "model.json"), document.replaceAll('"units": 8', '"units": 800000000'));
  rmSync(join(broken("linked"), "weights.safetensors"));
  symlinkSync("/dev/zero", at("linked", "weights.safetensors"));
  desk.write("escape.drnn", writeZip(new Map([...archive, ["../evil.txt", new Uint8Array(3)]])));
  desk.write("half.drnn", readFileSync(at("m.drnn")).subarray(0, 900));
  desk.write("sales.csv", "Month,Sales\n2000-01,1\n2000-02,2\n");
  const before = desk.names();
  for (const [name, words] of [
    ["cut", /weights\.safetensors is damaged/],
    ["deep", /model\.json is damaged: it is nested more than 200 levels deep/],
    ["huge", /do not belong together/],
    ["linked", /symbolic link/],
    ["escape.drnn", /its entry "\.\.\/evil\.txt" is not a plain path/],
    ["half.drnn", /is damaged/],
  ] as const) {
    const args = name === "cut" || name === "escape.drnn" ? ["predict", name, "sales.csv"] : ["explain", name];
    const { code, stdout, stderr } = await desk.run([...args, "--json", "--backend", "reference"]);
    assert.equal(code, 2, `${name}: ${stderr}`);
    const { ok, error } = JSON.parse(stdout) as { ok: boolean; error: { message: string } };
    assert.equal(ok, false);
    assert.match(error.message, words);
    assert.equal(stderr.trimEnd(), error.message);
  }
  assert.deepEqual(desk.names(), before);
});
