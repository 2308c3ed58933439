// What a forecast looks like, before anyone decides whether to draw it with characters or as SVG.

/** One moment: what was measured, what was forecast, and how sure the forecast is. */
export interface PicturePoint {
  readonly time: string;
  readonly actual: number | null;
  readonly value: number | null;
  /** `[lower, upper]` of the 80 % and 95 % intervals. */
  readonly band80: readonly [number, number] | null;
  readonly band95: readonly [number, number] | null;
  /** Whether what was measured is flagged as an anomaly. */
  readonly isStrange?: boolean;
}

/** History, then the held-out rows, then the rows beyond the end, in order of time. */
export interface Picture {
  readonly target: string;
  readonly points: readonly PicturePoint[];
  /** Index of the first held-out point. */
  readonly testStart: number;
  /** Index of the first point beyond the end of the data. */
  readonly futureStart: number;
}

/** A row of a forecast as the task reports it. */
export interface ForecastRow {
  /** Which series of several. */
  readonly id?: string | null;
  readonly time: string;
  readonly actual: number | null;
  readonly value: number | null;
  readonly lower80?: number | null;
  readonly upper80?: number | null;
  readonly lower95?: number | null;
  readonly upper95?: number | null;
}

/** Joins the three parts of a forecast to one picture, of the first series if there are several; a history that already contains the held-out rows is cut before them. */
export function pictureOf(parts: {
  readonly target: string;
  readonly history: readonly { readonly time: string; readonly value: number | null }[];
  readonly holdout: readonly ForecastRow[];
  readonly forecast: readonly ForecastRow[];
  /** The flagged rows of all series. */
  readonly strange?: readonly { readonly id: string | null; readonly time: string }[];
}): Picture {
  const shown = (parts.holdout[0] ?? parts.forecast[0])?.id;
  const holdout = parts.holdout.filter(({ id }) => id === shown);
  const forecast = parts.forecast.filter(({ id }) => id === shown);
  const firstHeldOut = holdout[0]?.time;
  const cut = firstHeldOut === undefined ? -1 : parts.history.findIndex(({ time }) => time === firstHeldOut);
  const history = cut < 0 ? parts.history : parts.history.slice(0, cut);
  const past = history.map(({ time, value }) => ({ time, actual: value, value: null, band80: null, band95: null }));
  return {
    target: typeof shown === "string" ? `${parts.target} of ${shown}` : parts.target,
    points: marked([...past, ...holdout.map(pointOf), ...forecast.map(pointOf)], parts.strange ?? [], shown ?? null),
    testStart: past.length,
    futureStart: past.length + holdout.length,
  };
}

function marked(
  points: readonly PicturePoint[],
  strange: readonly { readonly id: string | null; readonly time: string }[],
  shown: string | null,
): readonly PicturePoint[] {
  const times = new Set(strange.filter(({ id }) => id === shown).map(({ time }) => time));
  return times.size === 0 ? points : points.map((point) => (times.has(point.time) ? { ...point, isStrange: true } : point));
}

/** The last `count` points; long histories would squeeze the forecast into a corner. */
export function lastPoints(picture: Picture, count: number): Picture {
  const dropped = Math.max(0, picture.points.length - count);
  return {
    ...picture,
    points: picture.points.slice(dropped),
    testStart: Math.max(0, picture.testStart - dropped),
    futureStart: Math.max(0, picture.futureStart - dropped),
  };
}

/** How many points leave the forecast at least a third of the width. */
export function wellProportioned(picture: Picture): number {
  return Math.max(60, 4 * (picture.points.length - picture.testStart));
}

/** Smallest and largest number in the picture, bands and `more` values included; null if there is none. */
export function extent(picture: Picture, more: readonly (number | null)[] = []): readonly [number, number] | null {
  let low = Infinity;
  let high = -Infinity;
  const take = (value: number | null): void => {
    if (value === null || !Number.isFinite(value)) return;
    low = Math.min(low, value);
    high = Math.max(high, value);
  };
  for (const point of picture.points) {
    take(point.actual);
    take(point.value);
    for (const edge of point.band95 ?? point.band80 ?? []) take(edge);
  }
  more.forEach(take);
  return low <= high ? [low, high] : null;
}

function pointOf(row: ForecastRow): PicturePoint {
  return {
    time: row.time,
    actual: row.actual,
    value: row.value,
    band80: band(row.lower80, row.upper80),
    band95: band(row.lower95, row.upper95),
  };
}

function band(low: number | null | undefined, high: number | null | undefined): readonly [number, number] | null {
  const exists = typeof low === "number" && typeof high === "number" && Number.isFinite(low) && Number.isFinite(high);
  return exists ? [low, high] : null;
}
