// Model folders on disk: replaced as a whole or not at all.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { modelPlace, readModelPath, writeFileAtomically, writeFolder } from "../../src/io/folder-node.js";

let root = "";
before(async () => {
  root = await mkdtemp(join(tmpdir(), "deep-rnn-folder-"));
});
after(() => rm(root, { recursive: true, force: true }));

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const model = (value: string): Map<string, Uint8Array> =>
  new Map([
    ["model.json", text(value)],
    ["weights.safetensors", text(`weights of ${value}`)],
  ]);

async function content(path: string | URL): Promise<string> {
  const files = await readModelPath(path);
  assert.ok(files instanceof Map);
  return new TextDecoder().decode(files.get("model.json"));
}

test("a folder is written with its parents and nothing else is left", async () => {
  const path = join(root, "runs", "first");
  await writeFolder(path, model("one"));
  assert.equal(await content(path), "one");
  assert.deepEqual(await readdir(join(root, "runs")), ["first"]);
});

test("a model that is already there is replaced as a whole", async () => {
  const path = join(root, "again");
  await writeFolder(path, new Map([...model("one"), ["preprocess.json", text("{}")]]));
  await writeFolder(path, model("two"));
  assert.equal(await content(path), "two");
  assert.deepEqual((await readdir(path)).sort(), ["model.json", "weights.safetensors"]);
  assert.ok(!(await readdir(root)).some((name) => name.startsWith(".again")));
});

test("a model set aside by a crash between the two renames is still found, and the next save cleans up", async () => {
  const path = join(root, "crashed");
  await writeFolder(path, model("old"));
  await rename(path, join(root, ".crashed.previous"));
  assert.equal(await content(path), "old");
  assert.equal(await content(pathToFileURL(path)), "old");
  assert.equal(modelPlace(path), join(root, ".crashed.previous"));
  await writeFolder(path, model("new"));
  assert.equal(await content(path), "new");
  assert.ok(!(await readdir(root)).includes(".crashed.previous"));
});

test("a failed save leaves the old model and no rubbish", async () => {
  const path = join(root, "kept");
  await writeFolder(path, model("old"));
  // A name with a folder that does not exist makes the second file fail.
  const broken = new Map([...model("new"), ["missing/file", text("x")]]);
  await assert.rejects(writeFolder(path, broken), { code: "write_failed" });
  assert.equal(await content(path), "old");
  assert.deepEqual(
    (await readdir(root)).filter((name) => name.includes("kept")),
    ["kept"],
  );
});

test("neither a file nor a folder with other things in it is overwritten", async () => {
  await writeFile(join(root, "notes.txt"), "mine");
  await assert.rejects(writeFolder(join(root, "notes.txt"), model("x")), { code: "not_a_model_folder" });
  await mkdir(join(root, "photos"));
  await writeFile(join(root, "photos", "a.jpg"), "mine");
  await assert.rejects(writeFolder(join(root, "photos"), model("x")), { code: "not_a_model_folder" });
  assert.deepEqual(await readdir(join(root, "photos")), ["a.jpg"]);
});

test("a single file is replaced as a whole", async () => {
  const path = join(root, "one.drnn");
  await writeFileAtomically(path, text("1"));
  await writeFileAtomically(path, text("2"));
  assert.equal(await readFile(path, "utf8"), "2");
});

test("a path that does not exist is one sentence", async () => {
  await assert.rejects(readModelPath(join(root, "nowhere")), { code: "no_such_model", message: /nowhere does not exist\.$/ });
});

test("a symbolic link or a pipe inside the folder is refused, not followed; a link to the folder is fine", async (t) => {
  if (process.platform === "win32") return t.skip("links need rights on Windows");
  const path = join(root, "linked");
  await writeFolder(path, model("one"));
  await symlink(path, join(root, "link"));
  assert.equal(await content(join(root, "link")), "one");
  await rm(join(path, "weights.safetensors"));
  await symlink("/dev/zero", join(path, "weights.safetensors"));
  await assert.rejects(readModelPath(path), { code: "cannot_read", message: /holds a symbolic link where a file belongs\.$/ });
  await rm(join(path, "weights.safetensors"));
  execFileSync("mkfifo", [join(path, "weights.safetensors")]);
  await assert.rejects(readModelPath(path), { code: "cannot_read", message: /weights\.safetensors is not a plain file\.$/ });
  await assert.rejects(readModelPath("/dev/zero"), { code: "cannot_read" });
});
