// Sections that reports of several tasks share: tiles, warnings, facts, losses, and how to make the same numbers again.
import { counted } from "../../base/words.js";
import type { BackendInfo, Warning } from "../envelope.js";
import { shown } from "../numbers.js";
import { scroll } from "./frame.js";
import type { EpochLoss } from "./loss-plot.js";
import { lossPlot } from "./loss-plot.js";
import { escapeText } from "./svg.js";

/** What every report knows of its run. */
export interface RunFacts {
  readonly backend: BackendInfo;
  readonly seed: number;
  readonly version: string;
  /** The command that makes the same numbers again. */
  readonly repeat: string;
  readonly warnings: readonly Warning[];
}

/** A number with what it is and what to compare it with. All are plain text. */
export function tile(label: string, value: string, note: string): string {
  return `<div class="tile"><dt>${escapeText(label)}</dt><dd>${escapeText(value)}</dd><dd class="note">${escapeText(note)}</dd></div>`;
}

/** Warnings in a box; nothing if there are none. */
export function warningBox(warnings: readonly Warning[]): string {
  if (warnings.length === 0) return "";
  return `<div class="warnings" role="note"><strong>Warnings</strong><ul>${warnings.map(({ message }) => `<li>${escapeText(message)}</li>`).join("")}</ul></div>`;
}

/** Names with their values, as plain text. */
export function factList(rows: readonly (readonly [string, string])[]): string {
  const list = rows.map(([name, value]) => `<div><dt>${escapeText(name)}</dt><dd>${escapeText(value)}</dd></div>`);
  return `<dl class="facts">${list.join("")}</dl>`;
}

/** The two facts about what computed. */
export function runRows({ seed, backend }: RunFacts): [string, string][] {
  return [
    ["seed", String(seed)],
    ["backend", `${backend.name} ${backend.variant}, ${counted(backend.threads, "thread")}: ${backend.reason}`],
  ];
}

/** A training as a picture and in numbers. `name` tells it from others of the page. */
export function lossFigure(
  epochs: readonly EpochLoss[],
  best: number | null,
  { name, caption }: { name: string; caption: string },
): string {
  const svg = lossPlot(epochs, best, name);
  if (svg === "") return "";
  return `<figure>${scroll(`Plot of the loss, ${name}`, svg)}<figcaption>${escapeText(caption)}</figcaption></figure>${lossTable(epochs)}`;
}

// The plot in numbers, for those who cannot see it; long trainings by every k-th epoch and the last.
function lossTable(epochs: readonly EpochLoss[]): string {
  const every = Math.ceil(epochs.length / 50);
  const shownEpochs = epochs.filter((_, i) => i % every === 0 || i === epochs.length - 1);
  const validated = epochs.some(({ valLoss }) => valLoss !== null);
  const rows = shownEpochs.map(({ epoch, loss, valLoss }) => {
    const validation = validated ? `<td>${shown(valLoss)}</td>` : "";
    return `<tr><th scope="row">${epoch}</th><td>${shown(loss)}</td>${validation}</tr>`;
  });
  const heads = `<th scope="col">epoch</th><th scope="col">training loss</th>${validated ? '<th scope="col">validation loss</th>' : ""}`;
  return `<details class="numbers"><summary>Loss by epoch in numbers</summary><table><thead><tr>${heads}</tr></thead><tbody>${rows.join("")}</tbody></table></details>`;
}

/** The command, and under what conditions it gives the same numbers. */
export function againSection({ repeat, seed, version, backend }: RunFacts): string {
  const conditions = `With the same data, deep-rnn ${version} and arithmetic of the class ${backend.class} it gives the same numbers to the last bit; the seed is ${seed}.`;
  return `<section aria-labelledby="again-title"><h2 id="again-title">How to reproduce</h2><pre>${escapeText(repeat)}</pre><p class="note">${escapeText(conditions)} <code>config.json</code> holds every setting and where it came from, <code>env.json</code> the machine.</p></section>`;
}
