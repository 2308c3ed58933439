// The core under sanitizers: no access outside a buffer, no undefined behaviour, no data race, and the plain twin's bits.
import { test } from "node:test";

const script = new URL("../../../scripts/sanitize.mjs", import.meta.url).href;
const { sanitize }: { sanitize(kind: "address" | "thread"): Promise<string> } = await import(script);

for (const kind of ["address", "thread"] as const) {
  test(`random programs of every opcode run clean under the ${kind} sanitizer`, async (t) => {
    const said = await sanitize(kind);
    t.diagnostic(said);
    if (said.includes("skipped")) t.skip(said);
  });
}
