// What the forecast command says: what was found, what is trained, how it compares, where the files are, what to do next.

import { shellWord } from "../base/shell-word.js";
import { counted } from "../base/words.js";
import type { ForecastEvent, ForecastRun } from "../tasks/forecast/types.js";
import { anomalyLines } from "./anomaly-words.js";
import { backtestLines } from "./backtest.js";
import { drawForecast } from "./braille.js";
import { drawLoss } from "./loss-drawing.js";
import { duration, shown } from "./numbers.js";
import { pictureOf } from "./picture.js";
import { scoreRows, scoreTable } from "./scores.js";
import type { Terminal } from "./terminal.js";

type Found = Pick<Extract<ForecastEvent, { kind: "found" }>, "data" | "lines">;
type Planned = Pick<Extract<ForecastEvent, { kind: "planned" }>, "network" | "lines">;

/** What the task found, in its words; that nothing is missing must be said too. */
export function foundLines({ data, lines }: Found): string[] {
  return data.missing + data.gaps === 0 ? [...lines, "no gaps, nothing missing"] : [...lines];
}

/** The network and the split. */
export function plannedLines({ network, lines }: Planned): string[] {
  const layers = network.units.map((units) => `${network.cell} ${units}`).join(", ");
  return [`network: ${layers} (${network.activation}), ${counted(network.parameters, "parameter")}`, ...lines];
}

/** The result on stdout. `path` is the run folder, `next` what to do with it. */
export function reportLines(run: ForecastRun, path: string, next: readonly string[], terminal: Terminal): string[] {
  const paint = terminal.paintOut;
  const picture = pictureOf({
    target: run.data.targets.join(", "),
    history: run.history,
    holdout: run.holdout,
    forecast: run.forecast,
    strange: run.anomalies ?? [],
  });
  const { test, points } = run.evaluation;
  return [
    paint("bold", `Scores on the last ${counted(test, "row")}${points === test ? "" : ` (${counted(points, "value")} scored)`}`),
    ...scoreTable(scoreRows(run.evaluation, run.network.cell), paint),
    "",
    run.evaluation.verdict,
    run.choice.reason,
    ...intervalWords(run),
    "",
    ...withGap(backtestLines(run.evaluation.backtest, paint)),
    ...withGap(anomalyLines(run, paint)),
    ...drawForecast(picture, { columns: terminal.columns, rows: 16 }, paint),
    "",
    ...lossLines(run, terminal),
    `${paint("bold", "Files")}, after ${duration(run.seconds)}:`,
    `  ${path}/report.html    plot, loss curve, scores: open it in a browser`,
    `  ${path}/forecast.csv   the numbers`,
    ...(run.rowScores === null ? [] : [`  ${path}/anomalies.csv  the score of every row`]),
    `  ${path}/model          the trained network`,
    "",
    paint("bold", "Next:"),
    ...next.map((command) => `  ${command}`),
  ];
}

function withGap(lines: string[]): string[] {
  return lines.length === 0 ? [] : [...lines, ""];
}

// The training that chose the epoch is the one with a validation loss.
function lossLines({ curves, training }: ForecastRun, { columns, paintOut }: Terminal): string[] {
  const curve = curves.find(({ phase }) => phase === "select");
  const lines = curve === undefined ? [] : drawLoss(curve, training.bestEpoch, { columns: Math.min(columns, 72), rows: 6 }, paintOut);
  return withGap(lines);
}

/** How often the intervals held, if there are any. */
export function intervalWords({ evaluation }: Pick<ForecastRun, "evaluation">): string[] {
  const { coverage80, coverage95 } = evaluation.model;
  if (coverage80 === null || coverage95 === null) return [];
  return [
    `The 80 % interval held ${shown(100 * coverage80, 2)} % of the held-out values, the 95 % interval ${shown(100 * coverage95, 2)} %.`,
  ];
}

/** Commands to go on with. */
export function nextCommands(path: string, file: string, cell: string): string[] {
  return [`deep-rnn predict ${shellWord(`${path}/model`)} ${shellWord(file)}${cell}`];
}
