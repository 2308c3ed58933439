// Completion scripts, asked the way a shell asks them.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { openDesk } from "./run.js";

const has = (shell: string): boolean => spawnSync(shell, ["-c", "true"]).status === 0;

test("bash completes verbs, options, choices, values after = and paths with spaces", async (t) => {
  if (!has("bash")) return t.skip("there is no bash on this machine");
  const desk = openDesk(t);
  const { code, stdout } = await desk.run(["completion", "bash"]);
  assert.equal(code, 0);
  desk.write("complete.bash", stdout);
  desk.write("my sales.csv", "");
  desk.write("mine.csv", "");
  const ask = (...words: string[]): string[] => {
    const typed = words.map((word) => `'${word}'`).join(" ");
    const script = `set -euo pipefail; source complete.bash; COMP_WORDS=(${typed}); COMP_CWORD=${words.length - 1}; _deep_rnn; printf '%s\\n' "\${COMPREPLY[@]-}"`;
    return execFileSync("bash", ["-c", script], { cwd: desk.path, encoding: "utf8" }).trimEnd().split("\n");
  };
  assert.deepEqual(ask("deep-rnn", "fo"), ["forecast"]);
  assert.deepEqual(ask("deep-rnn", "forecast", "--hor"), ["--horizon"]);
  assert.deepEqual(ask("deep-rnn", "--json", "forecast", "--backend", ""), ["auto", "native", "wasm", "reference"]);
  assert.deepEqual(ask("deep-rnn", "forecast", "--duplicates", "=", "m"), ["mean"]);
  assert.deepEqual(ask("deep-rnn", "forecast", "m").sort(), ["mine.csv", "my sales.csv"]);
  assert.deepEqual(ask("deep-rnn", "forecast", "--horizon", ""), [""]);
  assert.deepEqual(ask("deep-rnn", "completion", "z"), ["zsh"]);
  assert.ok(ask("deep-rnn", "help", "").includes("predict"));
});

for (const shell of ["zsh", "fish"]) {
  test(`${shell} accepts its script, and it names every verb`, async (t) => {
    const desk = openDesk(t);
    const { code, stdout } = await desk.run(["completion", shell]);
    assert.equal(code, 0);
    for (const verb of ["forecast", "predict", "evaluate", "explain", "doctor"]) assert.ok(stdout.includes(verb));
    if (!has(shell)) return t.skip(`there is no ${shell} on this machine`);
    desk.write("script", stdout);
    execFileSync(shell, ["-n", join(desk.path, "script")]);
    if (shell !== "fish") return;
    const asked = (line: string): string =>
      execFileSync("fish", ["-c", `source script; complete -C ${JSON.stringify(line)}`], { cwd: desk.path, encoding: "utf8" });
    assert.match(asked("deep-rnn forecast --hor"), /^--horizon\t/);
    assert.match(asked("deep-rnn forecast --backend w"), /^wasm/);
  });
}

test("under --json the script is a field", async (t) => {
  const { stdout } = await openDesk(t).run(["completion", "bash", "--json"]);
  const { result } = JSON.parse(stdout) as { result: { shell: string; script: string } };
  assert.equal(result.shell, "bash");
  assert.match(result.script, /complete -F _deep_rnn deep-rnn/);
});

test("another shell is refused with the choices", async (t) => {
  const { code, stderr } = await openDesk(t).run(["completion", "bsh"]);
  assert.equal(code, 2);
  assert.match(stderr, /Allowed choices are bash, zsh, fish\. Did you mean bash\?\n$/);
});
