// The report in a real browser: no overflow at any width, no accessibility fault, readable colours, and paper.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { pageStyle } from "../../src/cli/report/style.js";
import { plotStyle } from "../../src/cli/report/svg.js";
import { openBrowser } from "../support/browser.js";
import { madeStays } from "../tasks/stays.js";
import { monthlyCsv, openDesk } from "./run.js";

interface Fault {
  readonly id: string;
  readonly nodes: readonly { readonly target: readonly string[] }[];
}

const awkward = "<b>Sales & returns of a shop with a very long name</b>";
const small = ["--units", "4", "--epochs", "3", "--quiet", "--out", "run"];
const reports = {
  forecast: {
    files: { "sales.csv": monthlyCsv(120, `Month,${awkward}`) },
    args: ["forecast", "sales.csv", "--layers", "1", "--backtest", "3", "--anomalies", "--anomaly-level", "0.9"],
    heads: ["Forecast", "Scores on the held-out rows", "Backtest", "Anomalies", "Data and settings", "How to reproduce"],
  },
  panel: {
    files: { "shops.csv": shopsCsv(5) },
    args: ["forecast", "shops.csv", "--id", "shop", "--layers", "1", "--backtest", "2", "--anomalies"],
    heads: ["Forecast", "Backtest", "Anomalies", "How to reproduce"],
  },
  impute: {
    files: { "holes.csv": `Month,${awkward}\n${monthlyCsv(90).trimEnd().split("\n").slice(1).map(holed).join("\n")}\n` },
    args: ["impute", "holes.csv"],
    heads: ["Filled", "Data and settings", "How to reproduce"],
  },
  classify: {
    files: { "events.csv": madeStays(60).events, "outcomes.csv": madeStays(60).outcomes },
    args: ["classify", "--events", "events.csv", "--label", "outcomes.csv", "--outcome", "died", "--members", "1", "--folds", "2"],
    heads: ["Folds", "Probabilities", "Data and settings", "How to reproduce"],
  },
} as const;

function shopsCsv(count: number): string {
  const [head = "", ...rows] = monthlyCsv(60).trimEnd().split("\n");
  const shops = Array.from({ length: count }, (_, shop) => rows.map((row, i) => `s${shop},${row}${(shop * i) % 7}`));
  return [`shop,${head}`, ...shops.flat()].join("\n");
}

function holed(row: string, place: number): string {
  return place % 6 === 4 ? row.replace(/,.*/, ",") : row;
}

for (const [name, { files, args, heads }] of Object.entries(reports)) {
  test(`the report of ${name} fits every width, passes the accessibility rules in light and dark, asks for nothing, and prints`, async (t) => {
    const browser = await openBrowser(t);
    if (browser === null) return;
    const desk = openDesk(t);
    for (const [file, text] of Object.entries(files)) desk.write(file, text);
    const { code, stderr } = await desk.run([...args, ...small]);
    assert.equal(code, 0, stderr);
    const text = desk.read("run/report.html");
    for (const head of heads) assert.ok(text.includes(`>${head}</h2>`), head);
    assert.ok(!text.includes("<b>Sales"));
    const url = pathToFileURL(join(desk.path, "run/report.html")).href;
    const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await browser.newPage({ viewport: { width: 360, height: 900 }, colorScheme });
      const asked: string[] = [];
      const complaints: string[] = [];
      page.on("request", (request) => asked.push(request.url()));
      page.on("console", (message) => complaints.push(message.text()));
      await page.goto(url);
      await page.evaluate(axe);
      for (const width of [360, 800, 1600]) {
        await page.setViewportSize({ width, height: 900 });
        const wide = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth");
        assert.ok(Number(wide) <= 0, `${colorScheme} ${width}: ${wide} too wide`);
        // Tables of numbers may be moved to the side; every score of a method is in view.
        const cut = await page.evaluate(
          "[...document.querySelectorAll('.methods')].filter((table) => table.offsetWidth > table.parentElement.clientWidth).length",
        );
        assert.equal(cut, 0, `${colorScheme} ${width}`);
        // A plot that begins at its right end says that there is more of it.
        const untold = await page.evaluate(
          "[...document.querySelectorAll('figure')].filter((figure) => { const box = figure.querySelector('.scroll'); return box !== null && box.scrollWidth > box.clientWidth && !getComputedStyle(figure, '::after').content.includes('to the left'); }).length",
        );
        assert.equal(untold, 0, `${colorScheme} ${width}`);
        const rules = JSON.stringify({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] });
        const faults = (await page.evaluate(`axe.run(document, ${rules}).then((result) => result.violations)`)) as Fault[];
        assert.deepEqual(
          faults.map(({ id, nodes }) => `${id}: ${nodes[0]?.target}`),
          [],
          `${colorScheme} ${width}`,
        );
        assert.deepEqual([asked, complaints], [[url], []]);
        if (process.env.KEEP_PAGES !== undefined)
          await page.screenshot({ path: join(process.env.KEEP_PAGES, `${name}-${colorScheme}-${width}.png`), fullPage: true });
      }
      await page.close();
    }
    const paper = await browser.newPage({ colorScheme: "dark" });
    await paper.goto(url);
    const printed = await paper.pdf({ format: "A4" });
    assert.equal(printed.subarray(0, 5).toString("latin1"), "%PDF-");
    await paper.emulateMedia({ media: "print", colorScheme: "dark" });
    assert.equal(await paper.evaluate("getComputedStyle(document.body).color"), "rgb(31, 41, 51)");
    if (process.env.KEEP_PAGES !== undefined) writeFileSync(join(process.env.KEEP_PAGES, `${name}.pdf`), printed);
  });
}

// Axe leaves text on drawings undecided, so the palette is computed: WCAG 2.1, 4.5 for text and 3 for lines.
test("text and lines stand out against their ground in both colour schemes", () => {
  for (const [sheet, ground, texts, lines] of [
    [pageStyle, "card", ["ink", "muted", "accent"], []],
    [plotStyle, "surface", ["ink", "muted"], ["history", "truth", "forecast", "compared", "strange"]],
  ] as const) {
    const [light = "", dark = ""] = sheet.split("prefers-color-scheme:dark");
    for (const part of [light, dark]) {
      const color = (name: string): string => new RegExp(`--${name}:(#[0-9a-f]{6})`).exec(part)?.[1] ?? "";
      for (const name of texts) assert.ok(contrast(color(name), color(ground)) >= 4.5, `${name} ${color(name)}`);
      for (const name of lines) assert.ok(contrast(color(name), color(ground)) >= 3, `${name} ${color(name)}`);
      if (sheet === pageStyle) {
        assert.ok(contrast(color("good"), color("goodbg")) >= 4.5);
        assert.ok(contrast(color("ink"), color("warnbg")) >= 4.5);
        assert.ok(contrast(color("ink"), color("code")) >= 4.5);
      } else assert.ok(contrast(color("muted"), color("shade")) >= 4.5);
    }
  }
});

function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

function luminance(color: string): number {
  assert.match(color, /^#[0-9a-f]{6}$/);
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
