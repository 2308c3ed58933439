// What programs rely on: one JSON value whatever happens, pipes that close early, places that cannot be written to.
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { monthlyCsv, openDesk } from "./run.js";

const bin = resolve(dirname(fileURLToPath(import.meta.url)), "../../../bin/deep-rnn.js");
const small = ["--cell", "elman", "--layers", "1", "--units", "4", "--epochs", "2", "--horizon", "6", "--input", "12"];

interface Envelope {
  readonly ok: boolean;
  readonly command: string;
  readonly error?: { readonly code: string; readonly message: string };
  readonly result?: Readonly<Record<string, unknown>>;
}

const always: readonly (readonly [law: string, args: readonly string[], code: number, ok: boolean])[] = [
  ["help", ["forecast", "--help", "--json"], 0, true],
  ["help of the program", ["--help", "--json"], 0, true],
  ["the version", ["--version", "--json"], 0, true],
  ["no command", ["--json"], 2, false],
  ["only global options", ["--json", "--quiet", "--seed", "3"], 2, false],
  ["an unknown command", ["forcast", "--json"], 2, false],
  ["an unknown option", ["--json", "forecast", "x.csv", "--bogus"], 2, false],
  ["a missing argument", ["evaluate", "--json"], 2, false],
  ["a wrong choice", ["doctor", "--require", "well", "--json"], 2, false],
  ["a missing file", ["inspect", "none.csv", "--json"], 2, false],
  ["a config file that is none", ["doctor", "--config", ".", "--json"], 2, false],
];
for (const [law, args, code, ok] of always) {
  test(`--json prints exactly one value for ${law}`, async (t) => {
    const outcome = await openDesk(t).run(args, {});
    assert.equal(outcome.code, code, outcome.stderr);
    const envelope = JSON.parse(outcome.stdout) as Envelope;
    assert.deepEqual([envelope.ok, outcome.stdout.trimEnd().split("\n").length], [ok, 1]);
    assert.equal("error" in envelope, !ok);
    if (ok) assert.equal(outcome.stderr, "");
  });
}

test("an error outside of everything awaited is one JSON value and exit code 1 as well", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(240));
  // From a timer, a little after the command has begun.
  const wait = "if (process.listenerCount('uncaughtException') === 0) return setTimeout(tick, 20);";
  const tick = `function tick() { ${wait} setTimeout(() => { throw new Error('boom'); }, 300); } tick();`;
  const boom = `data:text/javascript,${encodeURIComponent(tick)}`;
  const args = ["forecast", "sales.csv", "--json", "--epochs", "100000", "--units", "16"];
  const { code, stdout } = await desk.run(args, { env: { NODE_OPTIONS: `--import=${boom}` } });
  const envelope = JSON.parse(stdout) as Envelope;
  assert.deepEqual([code, envelope.ok, envelope.command, envelope.error?.code], [1, false, "forecast", "internal"]);
  assert.match(envelope.error?.message ?? "", /^boom\./);
});

test("a reader that leaves early is no error, however much was to come", async (t) => {
  const desk = openDesk(t);
  const columns = Array.from({ length: 400 }, (_, i) => `column${i}`);
  const rows = Array.from({ length: 30 }, (_, i) => columns.map((_, j) => String((i * 7 + j * 3) % 11)).join(","));
  desk.write("wide.csv", `${[columns.join(","), ...rows].join("\n")}\n`);
  const line = `"${process.execPath}" "${bin}" inspect wide.csv --json | head -c 20; echo " \${PIPESTATUS[0]}"`;
  const { status, stdout, stderr } = spawnSync("bash", ["-c", line], { cwd: desk.path, encoding: "utf8" });
  assert.deepEqual([status, stdout, stderr], [0, '{"version":1,"comman 0\n', ""]);
});

test("names with spaces, quotes and other alphabets work, and the next command can be pasted", async (t) => {
  const desk = openDesk(t);
  const name = "Отчёт 'über' sales.csv";
  desk.write(name, `\uFEFF${monthlyCsv(96).replaceAll("\n", "\r\n")}`);
  const { code, stdout, stderr } = await desk.run(["forecast", name, ...small, "--quiet"]);
  assert.equal(code, 0, stderr);
  const next = /^ {2}deep-rnn (predict .*)$/m.exec(stdout)?.[1] ?? "";
  const pasted = spawnSync("bash", ["-c", `"${process.execPath}" "${bin}" ${next} --json --quiet`], { cwd: desk.path, encoding: "utf8" });
  assert.equal(pasted.status, 0, pasted.stderr);
  assert.equal((JSON.parse(pasted.stdout) as Envelope).ok, true);
});

test("where nothing can be written that is said before any training, and nothing appears", async (t) => {
  const asNobody =
    spawnSync("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", process.execPath, bin, "--version"]).status === 0;
  const isRoot = process.getuid?.() === 0;
  if (isRoot && !asNobody) return t.skip("as root everything can be written, and this machine cannot run a command as nobody");
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(60));
  mkdirSync(join(desk.path, "run"));
  desk.write("run/config.json", '{"file":{"value":"sales.csv"}}');
  for (const folder of ["run", "."]) chmodSync(join(desk.path, folder), 0o555);
  const prefix = isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : ["env"];
  const run = (...args: string[]): Promise<[number | null, string, string]> =>
    new Promise((done) => {
      const [command = "", ...rest] = [...prefix, process.execPath, bin, ...args];
      const child = execFile(command, rest, { cwd: desk.path }, (_error, stdout, stderr) => done([child.exitCode, stdout, stderr]));
    });
  try {
    assert.deepEqual(await run("forecast", "sales.csv"), [2, "", "This folder cannot be written to. Choose another folder with --out.\n"]);
    assert.deepEqual(await run("inspect", "sales.csv", "--out", "a/b"), [
      2,
      "",
      "This folder cannot be written to. Choose another folder with --out.\n",
    ]);
    const [code, stdout] = await run("doctor", "--json");
    const { result } = JSON.parse(stdout) as { result: { verdict: string; checks: { name: string; ok: boolean }[] } };
    assert.deepEqual([code, result.verdict, result.checks.find(({ name }) => name === "write here")?.ok], [0, "warning", false]);
    assert.deepEqual(await run("resume", "run"), [2, "", "run cannot be written to. A run goes on in its own folder.\n"]);
    chmodSync(join(desk.path, "run"), 0o777);
    assert.deepEqual(await run("resume", "run"), [2, "", "This folder cannot be written to. A run goes on in its own folder.\n"]);
    assert.deepEqual(desk.names(), ["run", "sales.csv"]);
  } finally {
    chmodSync(desk.path, 0o755);
  }
});

test("under --json the file or folder that a mistake is about is a field", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(60));
  mkdirSync(join(desk.path, "m"));
  desk.write("m/model.json", '{"format":"deep-rnn","formatVersion":1}');
  for (const [file, ...args] of [
    ["none", "predict", "none", "sales.csv"],
    ["sales.csv", "explain", "sales.csv"],
    ["m/model.json", "explain", "m"],
    ["none.keras", "convert", "none.keras", "m2"],
    ["none", "resume", "none"],
    ["m", "resume", "m"],
    ["sales.csv", "inspect", "sales.csv", "--out", "sales.csv"],
    ["m", "inspect", "sales.csv", "--out", "m"],
  ] as const) {
    const { code, stdout } = await desk.run([...args, "--json", "--quiet"]);
    const { error } = JSON.parse(stdout) as { error: { message: string; file: string | null } };
    assert.deepEqual([code, error.file], [2, file], error.message);
  }
});

test("--out of a command that only answers holds result.json; a folder with files needs --force and keeps them", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(60));
  const first = await desk.run(["inspect", "sales.csv", "--json", "--out", "my looks/1"]);
  assert.equal(first.code, 0, first.stderr);
  assert.equal(desk.read("my looks/1/result.json"), first.stdout);
  mkdirSync(join(desk.path, "full"));
  desk.write("full/mine.txt", "kept");
  const refused = await desk.run(["inspect", "sales.csv", "--out", "full"]);
  assert.deepEqual([refused.code, refused.stderr], [2, "full is not empty. Choose another folder, or add --force.\n"]);
  const forced = await desk.run(["inspect", "sales.csv", "--out", "full", "--force", "--json"]);
  assert.equal(desk.read("full/result.json"), forced.stdout);
  assert.equal(desk.read("full/mine.txt"), "kept");
});

test("a signal ends a command that does not train at once: one JSON value, the code of the signal, nothing written", async (t) => {
  const desk = openDesk(t);
  // As soon as the command itself listens (before, a listener waits for one signal only): then it cannot have ended, on no machine.
  const once = `const wait = setInterval(() => {
    if (!process.rawListeners("SIGINT").some((each) => each.listener === undefined)) return;
    clearInterval(wait);
    process.kill(process.pid, "SIGINT");
  }, 1);`;
  const slow = `data:text/javascript,${encodeURIComponent(once)}`;
  const { code, stdout } = await desk.run(["doctor", "--json", "--out", "run", "--threads", "2"], {
    env: { NODE_OPTIONS: `--import=${slow}` },
  });
  assert.deepEqual([code, (JSON.parse(stdout) as Envelope).error?.code], [130, "interrupted"]);
  assert.deepEqual(desk.names(), []);
});
