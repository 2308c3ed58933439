// The pages in docs run as they are written: all code of a page is one strict program, and what it says it prints is what it prints.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { recorded } from "../exchange/support.js";
import { compilePrograms, root } from "./compile.js";

// Written from other places, or notes to ourselves; the tour has a test of its own.
const elsewhere = /^docs\/(?:api|decisions|results|tour)\//;

/** Files that a page's program finds beside it, and those that it must leave. */
const desks: Readonly<Record<string, { readonly files?: Readonly<Record<string, string>>; readonly made?: readonly string[] }>> = {
  "docs/model-files.md": { made: ["models/a/model.json", "models/a.drnn"] },
  "docs/from-pytorch.md": {
    files: {
      "model.safetensors": recorded("state-dicts", "lstm.safetensors"),
      "probe.safetensors": recorded("state-dicts", "lstm.probe.safetensors"),
    },
    made: ["models/a/model.json", "back.safetensors"],
  },
  "docs/from-keras.md": {
    files: { "model.keras": recorded("keras-files", "lstm.keras"), "gru.weights.h5": recorded("keras-files", "gru.weights.h5") },
    made: ["models/a/model.json", "back.keras", "back.weights.h5"],
  },
  "docs/forecast.md": { files: { "sales.csv": join(root, "data", "airline-passengers.csv") } },
  "docs/checkpoints.md": { made: ["runs/a/last/training.json", "runs/a/best/model.json"] },
  "README.md": { made: ["models/first/weights.safetensors"] },
};

const allPages = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  ...readdirSync(join(root, "docs"), { recursive: true })
    .map((name) => String(name).replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`)
    .sort(),
];
const pages = allPages.filter((name) => !elsewhere.test(name));
const programs = new Map(
  pages.map((page) => [page, programOf(readFileSync(join(root, page), "utf8"))]).filter(([, code]) => code !== "") as [string, string][],
);
const fileName = (page: string): string => page.replace(/\.md$/, "").replaceAll("/", "-");
let compiled: ReturnType<typeof compilePrograms>;

before(() => {
  compiled = compilePrograms("pages", new Map([...programs].map(([page, code]) => [fileName(page), code])));
});

test("every page with code compiles strictly", () => {
  assert.ok(programs.size > 15);
  assert.equal(compiled.complaints, "");
});

for (const [page, code] of programs) {
  test(`${page}: its code runs as it is written`, (t) => {
    const desk = mkdtempSync(join(tmpdir(), "deep-rnn-docs-"));
    t.after(() => rmSync(desk, { recursive: true, force: true }));
    const { files = {}, made = [] } = desks[page] ?? {};
    for (const [name, from] of Object.entries(files)) copyFileSync(from, join(desk, name));
    const program = join(compiled.folder, `${fileName(page)}.js`);
    const { status, stdout, stderr } = spawnSync(process.execPath, [program], { cwd: desk, encoding: "utf8" });
    assert.equal(status, 0, stderr);
    let rest = stdout;
    for (const [, said = ""] of code.matchAll(/\/\/ → (.+)$/gm)) {
      const found = new RegExp(`^${said.split("…").map(escaped).join(".*")}$`, "m").exec(rest);
      assert.ok(found !== null, `it does not print "${said}" but\n${rest}`);
      rest = rest.slice(found.index + found[0].length);
    }
    for (const name of made) assert.ok(existsSync(join(desk, name)), name);
  });
}

test("every link to a file leads to one, and every page is on the list of pages", () => {
  const links = allPages.flatMap((page) =>
    [...readFileSync(join(root, page), "utf8").matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, to = ""]) => ({
      page,
      to: join(page, "..", to),
    })),
  );
  assert.deepEqual(
    links.filter(({ to }) => !existsSync(join(root, to))).map(({ page, to }) => `${page} to ${to}`),
    [],
  );
  const listed = new Set(links.filter(({ page }) => page === "docs/README.md").map(({ to }) => to));
  const unlisted = pages.filter((page) => /^docs\/[^/]+\.md$/.test(page) && page !== "docs/README.md" && !listed.has(page));
  assert.deepEqual(unlisted, []);
});

/** The blocks of a page one after the other, with what `<!-- setup` comments add for the program alone. */
function programOf(text: string): string {
  const blocks = [...text.matchAll(/^(?:```ts\n([\s\S]*?)^```|<!-- setup\n([\s\S]*?)^-->)$/gm)];
  if (!blocks.some(([, shown]) => shown !== undefined)) return "";
  return `${withoutRepeatedImports(blocks.map(([, shown, hidden]) => shown ?? hidden ?? "").join("\n"))}\nexport {};\n`;
}

/** Each block of a page names what it needs; a program may name it once. */
function withoutRepeatedImports(code: string): string {
  const seen = new Set<string>();
  return code.replace(/^import (type )?\{([^}]*)\} from (".*");$/gm, (_, type: string | undefined, names: string, from: string) => {
    const fresh = names
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "" && !seen.has(name.replace(/^type /, "")));
    for (const name of fresh) seen.add(name.replace(/^type /, ""));
    return fresh.length === 0 ? "" : `import ${type ?? ""}{ ${fresh.join(", ")} } from ${from};`;
  });
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
