// The pages about model files run as they are written: all code of a page is one program, in a folder with the files it names.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { recorded } from "./support.js";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../../..");

const pages: readonly {
  readonly page: string;
  readonly files: Readonly<Record<string, string>>;
  readonly made: readonly string[];
  readonly said: readonly RegExp[];
}[] = [
  {
    page: "model-files",
    files: {},
    made: ["models/a/model.json", "models/a.drnn"],
    said: [/^10 \[ 1, 1 \]$/m, /^zip_truncated broken\.drnn is damaged: it has no ZIP directory\.$/m, /'lstm-1\/W'/, /^0\.5$/m],
  },
  {
    page: "from-pytorch",
    files: {
      "model.safetensors": recorded("state-dicts", "lstm.safetensors"),
      "probe.safetensors": recorded("state-dicts", "lstm.probe.safetensors"),
    },
    made: ["models/a/model.json", "back.safetensors"],
    said: [/elements: 8, maxDifference: \d\.\d+e-\d/, /rnn = nn\.LSTM\(3, 5, batch_first=True\)/],
  },
  {
    page: "from-keras",
    files: { "model.keras": recorded("keras-files", "lstm.keras"), "gru.weights.h5": recorded("keras-files", "gru.weights.h5") },
    made: ["models/a/model.json", "back.keras", "back.weights.h5"],
    said: [/lstm\/W {2,}\[3, 16\]/, /^\[ 1, 2 \]$/m],
  },
];

for (const { page, files, made, said } of pages) {
  test(`docs/${page}.md: its code runs as it is written`, (t) => {
    const text = readFileSync(join(root, "docs", `${page}.md`), "utf8");
    const blocks = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code ?? "");
    assert.ok(blocks.length > 1);
    // Inside the package, where its own name resolves.
    const program = join(here, `page-${page}.mjs`);
    const desk = mkdtempSync(join(tmpdir(), "deep-rnn-docs-"));
    t.after(() => {
      rmSync(program, { force: true });
      rmSync(desk, { recursive: true, force: true });
    });
    for (const [name, from] of Object.entries(files)) copyFileSync(from, join(desk, name));
    writeFileSync(program, withoutRepeatedImports(blocks.join("\n")));
    const { status, stdout, stderr } = spawnSync(process.execPath, [program], { cwd: desk, encoding: "utf8" });
    assert.equal(status, 0, stderr);
    for (const words of said) assert.match(stdout, words);
    for (const name of made) assert.ok(existsSync(join(desk, name)), name);
  });
}

/** Each block of a page names what it needs; a program may name it once. */
function withoutRepeatedImports(code: string): string {
  const seen = new Set<string>();
  return code.replace(/^import \{ (.*) \} from (".*");$/gm, (_, names: string, from: string) => {
    const fresh = names.split(", ").filter((name) => !seen.has(name));
    for (const name of fresh) seen.add(name);
    return fresh.length === 0 ? "" : `import { ${fresh.join(", ")} } from ${from};`;
  });
}
