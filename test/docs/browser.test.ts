// The browser example in a real browser, from plain files over HTTP: it trains in a worker, with threads where the page is isolated.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { type TestContext, test } from "node:test";
import { openBrowser } from "../support/browser.js";
import { root } from "./compile.js";

const types: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** Serves the project's folder as it lies, as any server of static files would. */
async function serve(t: TestContext, headers: Readonly<Record<string, string>>): Promise<string> {
  const server: Server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname));
    const file = join(root, path.endsWith("/") ? `${path}index.html` : path);
    readFile(file).then(
      (bytes) => response.writeHead(200, { "Content-Type": types[extname(file)] ?? "text/plain", ...headers }).end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

for (const [kind, headers, threads] of [
  ["a plain page", {}, 1],
  ["a page that is cross-origin isolated", isolation, 2],
] as const) {
  test(`${kind} trains in a worker and draws the loss`, async (t) => {
    const browser = await openBrowser(t);
    if (browser === null) return;
    const host = await serve(t, headers);
    const page = await browser.newPage();
    const trouble: string[] = [];
    page.on("console", (message) => trouble.push(message.text()));
    page.on("pageerror", (error) => trouble.push(error.message));
    page.on("requestfailed", (request) => trouble.push(`no answer for ${request.url()}`));
    page.on("response", (response) => response.ok() || trouble.push(`${response.status()} for ${response.url()}`));
    page.on("request", (request) => request.url().startsWith(host) || request.url().startsWith("data:") || trouble.push(request.url()));
    await page.goto(`${host}/examples/browser/`);
    await page.waitForFunction("/^(Done|failed)/.test(document.querySelector('#status').textContent)", undefined, { timeout: 240_000 });
    const text = async (name: string): Promise<string> => (await page.textContent(name)) ?? "";
    const [, first = "", last = ""] = /^Done: loss (\S+) to (\S+)$/.exec(await text("#status")) ?? [];
    assert.ok(Number(last) < 0.05 * Number(first), await text("#status"));
    const answer = /^On (\d) thread\(s\) of \S+: the wave goes on with (\S+), the truth is (\S+)\.$/.exec(await text("#answer")) ?? [];
    assert.equal(Number(answer[1]), threads);
    assert.ok(Math.abs(Number(answer[2]) - Number(answer[3])) < 0.15, answer[0]);
    assert.equal((await page.getAttribute("polyline", "points"))?.split(" ").length, 60);
    assert.deepEqual(trouble, []);
  });
}
