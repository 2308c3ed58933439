// A real browser for tests: finds a Chromium on this machine and starts it without a sandbox and without anything in the background.
import { existsSync } from "node:fs";
import type { TestContext } from "node:test";
import type { Browser } from "playwright-core";

const paths = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const flags = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"];

/** A browser that ends with the test; null where there is none: then the test is skipped and says so. */
export async function openBrowser(t: TestContext): Promise<Browser | null> {
  const executablePath = paths.find((path) => path !== undefined && existsSync(path));
  if (executablePath === undefined) {
    t.skip("there is no Chromium on this machine (CHROMIUM names one)");
    return null;
  }
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({ executablePath, args: flags });
  t.after(() => browser.close());
  return browser;
}
