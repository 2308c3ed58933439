// preprocess.json from a model folder on disk.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** The text, or null if the folder has no such file. */
export async function readPreprocess(folder: string): Promise<string | null> {
  const path = join(folder, "preprocess.json");
  return existsSync(path) ? readFile(path, "utf8") : null;
}
