// The pictures of the report: history, truth and forecast; of many series the first ones and the worst.
import { counted } from "../../base/words.js";
import { methodTitles } from "../../tasks/forecast/members.js";
import type { PicturedSeries } from "../../tasks/forecast/plot-types.js";
import { simpleMethodNames } from "../../tasks/forecast/simple/index.js";
import type { ForecastRow, ForecastRun } from "../../tasks/forecast/types.js";
import { shown } from "../numbers.js";
import { pictureOf } from "../picture.js";
import type { Compared } from "./forecast-plot.js";
import { forecastPlot } from "./forecast-plot.js";
import { scroll } from "./frame.js";
import { escapeText } from "./svg.js";

/** One picture, or a few of many. */
export function figureSection(run: ForecastRun, target: string): string {
  const { holdout, forecast, pictured } = run;
  const banded = [...holdout, ...forecast].some((row) => row.lower80 !== null || row.lower95 !== null);
  const caption = `Nothing of the shaded part was seen when it was forecast${banded ? "; bands hold 80 and 95 % of what is expected" : ""}.`;
  const first = { id: holdout[0]?.id ?? forecast[0]?.id ?? null, target, history: run.history, why: "first" } as const;
  const figures =
    pictured.length === 0
      ? [figure(run, first, { name: "forecast", note: caption })]
      : pictured.map((series, place) =>
          figure(run, series, { name: `forecast-${place + 1}`, note: `${series.id ?? series.target}: ${wordsOf(series)}` }),
        );
  const note = pictured.length === 0 ? "" : `<p class="note">${caption} ${choiceWords(run)}</p>`;
  return `<section aria-labelledby="plot-title"><h2 id="plot-title">Forecast</h2>${figures.join("")}${note}</section>`;
}

function figure(
  run: ForecastRun,
  { id, target, history }: Pick<PicturedSeries, "id" | "target" | "history">,
  { name, note }: { readonly name: string; readonly note: string },
): string {
  const own = (rows: readonly ForecastRow[]): ForecastRow[] => rows.filter((row) => row.id === id && row.target === target);
  const [holdout, forecast] = [own(run.holdout), own(run.forecast)];
  const last = forecast.at(-1) ?? holdout.at(-1);
  const picture = pictureOf({ target, history, holdout, forecast, strange: run.anomalies ?? [] });
  const description = `History up to ${picture.points[picture.testStart - 1]?.time ?? "the start"}, then ${counted(holdout.length, "held-out row")} with truth and forecast, then ${counted(forecast.length, "row")} beyond the data. The last forecast, for ${last?.time ?? "no time"}, is ${shown(last?.value)}.`;
  const svg = forecastPlot(picture, {
    name,
    title: `${picture.target}: history, truth and forecast`,
    description,
    season: run.data.season,
    compared: run.pictured.length === 0 ? bestSimple(run) : null,
  });
  const label = id === null ? "Plot of the forecast" : `Plot of the forecast of ${id}`;
  return `<figure>${scroll(label, svg)}<figcaption>${escapeText(note)}</figcaption></figure>`;
}

function wordsOf({ why, model, seasonalNaive }: PicturedSeries): string {
  const scores = `MASE ${shown(model.mase, 3)}, seasonal naive ${shown(seasonalNaive.mase, 3)}`;
  return why === "first" ? `${scores}.` : `one of the worst, ${scores}.`;
}

function choiceWords({ data, pictured }: ForecastRun): string {
  const first = pictured.filter(({ why }) => why === "first").length;
  const worst = pictured.length - first;
  const others =
    worst === 0
      ? ""
      : worst === 1
        ? " and the one with the largest error (MASE)"
        : ` and the ${worst} others with the largest errors (MASE)`;
  return `Pictures of ${pictured.length} of ${counted(data.series, "series", "series")}: the first ${first}${others}.`;
}

// The best simple method belongs into the picture, above all when it beats the forecast.
function bestSimple({ evaluation, simple }: ForecastRun): Compared | null {
  const scored = simpleMethodNames.filter((name) => evaluation.simple[name].mae !== null && simple[name].some((value) => value !== null));
  const best = [...scored].sort((a, b) => (evaluation.simple[a].mae ?? 0) - (evaluation.simple[b].mae ?? 0))[0];
  return best === undefined ? null : { name: methodTitles[best], values: simple[best] };
}
