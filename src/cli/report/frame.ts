// What every HTML report is made of: one page without network and scripts, and boxes for what is wider than it.
import { pageStyle } from "./style.js";
import { escapeText } from "./svg.js";

/** The whole page around its sections, which are HTML already; the title is plain text. */
export function pageFrame(title: string, sections: readonly string[], version?: string): string {
  const generator = version === undefined ? "" : `<meta name="generator" content="deep-rnn ${escapeText(version)}">\n`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${generator}<title>${escapeText(title)}</title>
<style>${pageStyle}</style>
</head>
<body>
<main>
${sections.join("\n")}
</main>
</body>
</html>
`;
}

/** What is wider than the page scrolls in a box of its own, which the keyboard reaches and a screen reader can name. */
export function scroll(label: string, content: string): string {
  return `<div class="scroll" role="region" aria-label="${escapeText(label)}" tabindex="0">${content}</div>`;
}

/** A table in such a box. Heads are plain text, rows are HTML. */
export function scrollTable(label: string, heads: readonly string[], rows: readonly string[]): string {
  const head = heads.map((each) => `<th scope="col">${escapeText(each)}</th>`).join("");
  return scroll(label, `<table><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table>`);
}
