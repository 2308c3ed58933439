// Compiles programs found in pages and docstrings as a strict project of their own, inside the package, where its own name resolves.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

/** What the compiler said, and where it put the compiled programs. */
export interface Compiled {
  readonly complaints: string;
  readonly folder: string;
}

/** Compiles programs by name into `dist/programs/<project>`; code is written even where there are complaints. */
export function compilePrograms(project: string, programs: ReadonlyMap<string, string>): Compiled {
  const folder = join(root, "dist", "programs", project);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, code] of programs) writeFileSync(join(folder, `${name}.ts`), code);
  const compilerOptions = {
    ...{ target: "es2023", lib: ["es2023"], types: ["node"], module: "nodenext", strict: true },
    ...{ noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, erasableSyntaxOnly: true, skipLibCheck: true },
    ...{ rootDir: ".", incremental: false, noEmitOnError: false, newLine: "lf" },
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  const manifest = createRequire(import.meta.url).resolve("typescript/package.json");
  const { bin } = JSON.parse(readFileSync(manifest, "utf8")) as { readonly bin: { readonly tsc: string } };
  const { stdout, stderr } = spawnSync(process.execPath, [join(dirname(manifest), bin.tsc), "-p", folder], {
    cwd: folder,
    encoding: "utf8",
  });
  return { complaints: `${stdout}${stderr}`, folder };
}
