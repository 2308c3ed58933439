// What forecast() takes, reports while it runs, returns and stores: the types that the command line builds on.

import type { CalendarPart, Delimiter, Duplicates, Encoding, Holidays, Transform } from "../../data/index.js";
import type { Model } from "../../train/index.js";
import type { CellChoice } from "../cells.js";
import type { NetworkFacts } from "../facts.js";
import type { Pass } from "../passes.js";
import type { Anomaly, AnomalySummary, RowScore } from "./anomaly-types.js";
import type { BesideFacts } from "./beside.js";
import type { ForecastChoice } from "./choice-types.js";
import type { EsRnnSpec } from "./es-rnn/network.js";
import type { SavedNetwork } from "./network/saved.js";
import type { DistributionName, StackName, Strategy } from "./network/types.js";
import type { HistoryPoint, LossCurve, PicturedSeries } from "./plot-types.js";
import type { Sampling } from "./sampling.js";
import type { SimpleMethod } from "./simple/index.js";

export type { Duplicates } from "../../data/index.js";
export type { ChosenMember, ForecastChoice } from "./choice-types.js";
export type { HistoryPoint, LossCurve, PicturedSeries } from "./plot-types.js";
/** The transform as it is stored, with the numbers measured on the training part. */
export type SavedTransform = Transform;

/** Everything `forecast(file, options)` understands; every field has a default found from the data. */
export interface ForecastOptions {
  /** Column to forecast; needed only if there are several numeric columns. */
  readonly target?: string;
  /** Time column, or several joined ("Date,Time"); found if not given; rows are numbered if there is none. */
  readonly time?: string;
  /** Column whose cells say to which series a row belongs, or several joined by commas. */
  readonly id?: string;
  /** A series per row (its id, then its values), or a series per column beside the time. */
  readonly wide?: boolean;
  /** Columns that are known up to the end of the target only: the network reads them before each forecast. */
  readonly past?: readonly string[];
  /** Columns that are known beyond the end, as prices and promotions are: rows after the last target hold them, a horizon of them. */
  readonly future?: readonly string[];
  /**
   * Columns that are the same in all rows of a series and tell series apart. Unless given, every further column like that; none for
   * an empty list.
   */
  readonly statics?: readonly string[];
  /** Hour, day of the week, month and the like as columns: false unless given; true takes those that suit the frequency. */
  readonly calendar?: boolean | readonly CalendarPart[];
  /** Days that are holidays: a file with a column of dates, or what `readHolidays` gives. */
  readonly holidays?: string | Holidays;
  /** Which windows of many series are used where all would take too long: as many of every series, of every window, or by the size. */
  readonly sampling?: Sampling;
  /** Rows to forecast ahead: one season, at most a fifth of the rows; the same as `test` if only that is given. */
  readonly horizon?: number;
  /** Rows the network reads before each forecast: two seasons. */
  readonly input?: number;
  /** Frequency, if the times cannot tell: yearly, quarterly, monthly, weekly, daily, hourly, "15 minutes" ... */
  readonly frequency?: string;
  /** Rows in one season; 1 means none. */
  readonly season?: number;
  /** Rows at the end that are held out and scored: the horizon. */
  readonly test?: number;
  /** Further words that mean "missing", beside empty, NA, N/A, #N/A, NaN, null and ?. */
  readonly missing?: readonly string[];
  readonly duplicates?: Duplicates;
  readonly dateOrder?: "dmy" | "mdy";
  readonly delimiter?: Delimiter;
  readonly encoding?: Encoding;
  /** gru (default), lstm, elman, or any built-in cell name; or a cell of one's own. */
  readonly cell?: CellChoice;
  /** Activation of elman cells: tanh (default), relu, leakyRelu, sigmoid. */
  readonly activation?: string;
  /** Recurrent layers: 2. */
  readonly layers?: number;
  /** Width of every layer, or one width per layer: 64. */
  readonly units?: number | readonly number[];
  /**
   * How the network reaches beyond the next row: direct (default), recursive, encoder-decoder; es-rnn: exponential smoothing of every
   * series, trained with a network for all.
   */
  readonly strategy?: Strategy;
  /**
   * What the network says of each row ahead: none (default), a value; or gaussian, student-t, negative-binomial for counts, quantiles.
   * With `pure` the intervals are the network's, otherwise they come from the errors of the combination.
   */
  readonly distribution?: DistributionName;
  /** How its layers stand on each other: plain (default), residual, dilated, bidirectional. */
  readonly stack?: StackName;
  /** Networks that are trained from seeds of their own and averaged: 1. */
  readonly ensemble?: number;
  /** Sample paths of a recursive network with a distribution: 100. */
  readonly paths?: number;
  /** Most passes over the windows: 40; the best one on the validation part is kept. */
  readonly epochs?: number;
  /**
   * The `epochs` that a training going on from `checkpoints` began with, null if they were found: how many windows make a pass depends on
   * them, and stays what it was when `epochs` changes.
   */
  readonly plannedEpochs?: number | null;
  readonly batchSize?: number;
  readonly learningRate?: number;
  /** Largest global gradient norm: 1; 0 or false switches clipping off. */
  readonly clipNorm?: number | false;
  readonly dropout?: number;
  readonly weightDecay?: number;
  /** The network alone, without the simple methods that a default forecast stands on. */
  readonly pure?: boolean;
  /** Score forecasts from that many origins, each one horizon after the other: the same as a `test` of so many horizons. */
  readonly backtest?: number;
  /** Say how surprising each row is, from a forecast of it by the rows before. */
  readonly anomalies?: boolean;
  /** Share of the rows that is expected inside: 0.99. Rows less likely than the rest are flagged. */
  readonly anomalyLevel?: number;
  /** A wall-clock stop for training; reported as stopped "time". */
  readonly maxSeconds?: number;
  /** 0 unless given. */
  readonly seed?: number;
  /** Called while the task runs; exceptions thrown by it end the task. */
  readonly onEvent?: (event: ForecastEvent) => void;
  /** Aborting ends training after the current step with the error `interrupted`. */
  readonly signal?: AbortSignal;
  /**
   * Folder for checkpoints. A forecast with the same table and options goes on from those it finds there, and ends as if it had never
   * stopped. A function is asked once, when training begins.
   */
  readonly checkpoints?: string | (() => string);
}

/** The options once files beside the table are read. */
export interface TaskOptions extends ForecastOptions {
  readonly holidays?: Holidays;
}

/** What is being trained: the epoch count is chosen, then a network for the hold-out, then one on all rows. */
export type ForecastPhase = "select" | "evaluate" | "refit";

/** Reports in the order in which they come: found, planned, then epochs by phase (with warnings between), scored, done. */
export type ForecastEvent =
  /** The table was read: `lines` are plain sentences (time column, frequency, season, transform, gaps). */
  | { readonly kind: "found"; readonly data: ForecastData; readonly lines: readonly string[] }
  /** The network is built. `windows` are training windows, `totalEpochs` an upper bound over all phases. */
  | {
      readonly kind: "planned";
      readonly network: ForecastNetwork;
      readonly windows: { readonly train: number; readonly validation: number };
      readonly input: number;
      readonly horizon: number;
      readonly test: number;
      readonly totalEpochs: number;
      readonly lines: readonly string[];
    }
  /** One pass is over. `seconds` and `etaSeconds` count from the start of training, `done` is in 0..1 over all phases. */
  | (Pass<number | null> & {
      readonly kind: "epoch";
      readonly phase: ForecastPhase;
      readonly epochs: number;
      readonly etaSeconds: number;
      /** Training windows passed per second so far. */
      readonly windowsPerSecond: number;
      readonly done: number;
    })
  | { readonly kind: "warning"; readonly code: string; readonly message: string }
  /** The hold-out is scored; `verdict` is one honest sentence. */
  | { readonly kind: "scored"; readonly evaluation: ForecastEvaluation; readonly verdict: string }
  | { readonly kind: "done"; readonly seconds: number };

/** What was found in the file. */
export interface ForecastData {
  /** The path as given; null for a table made in memory. */
  readonly file: string | null;
  /** Rows in the file. */
  readonly rows: number;
  /** Number of series that are forecast. */
  readonly series: number;
  /** Time column(s) joined with a comma; null if rows are numbered. */
  readonly time: string | null;
  readonly targets: readonly string[];
  readonly id: string | null;
  readonly frequency: string;
  readonly season: number;
  readonly start: string;
  readonly end: string;
  /** Empty cells of the target. */
  readonly missing: number;
  /** Time steps that have no row. */
  readonly gaps: number;
  /** Rows merged into another with the same time. */
  readonly duplicates: number;
  /** The transform in words, as printed: "logarithm, difference to one season (12 rows) before, standard scale". */
  readonly transform: string;
}

/** The network that was trained. */
export type ForecastNetwork = NetworkFacts;

/** How the training went. */
export interface ForecastTraining {
  /** Passes made while the best one was looked for. */
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly stopped: "done" | "early" | "time" | "nan";
  /** Training and validation loss at the best epoch, mean squared error in the transformed unit. */
  readonly loss: number | null;
  readonly valLoss: number | null;
  readonly learningRate: number;
  /** Share of steps whose gradient was clipped; null if the trainer did not count. */
  readonly clippedShare: number | null;
}

/** Scores in the unit of the target; null where nothing could be scored. */
export interface ForecastScores {
  /** 0 to 200. */
  readonly smape: number | null;
  /** Mean absolute error over that of the seasonal naive method inside the training part. */
  readonly mase: number | null;
  readonly rmse: number | null;
  readonly mae: number | null;
}

/** How good the intervals were; null where there are none. */
export interface IntervalScores {
  /** Continuous ranked probability score in the unit of the target; null without intervals. */
  readonly crps: number | null;
  /** Weighted quantile loss: mean over the levels 0.1 to 0.9 of twice the pinball loss, over the sum of the absolute values. */
  readonly wql: number | null;
  /** Share of held-out values inside the 80 and 95 % intervals, 0..1. */
  readonly coverage80: number | null;
  readonly coverage95: number | null;
}

/** Names of the simple methods. */
export type { SimpleMethod } from "./simple/index.js";

/** Scores of one method, with its mean of sMAPE and MASE over those of Naive2 (OWA of the M4 competition). */
export interface MethodScores extends ForecastScores {
  readonly owa: number | null;
}

/** The forecast from one time, scored. */
export interface BacktestOrigin extends ForecastScores {
  /** The first row forecast. */
  readonly time: string;
  /** Observed rows that were scored. */
  readonly points: number;
}

/** How good the forecast of the held-out rows was, beside three simple methods. */
export interface ForecastEvaluation {
  /** Rows held out. */
  readonly test: number;
  /** Times from which forecasts were made inside them. */
  readonly origins: number;
  /** Values scored (observed ones only). */
  readonly points: number;
  /** What the command forecasts: the combination with the network's correction, or the network alone if it was asked for. */
  readonly model: MethodScores & IntervalScores;
  /** The network alone. */
  readonly network: MethodScores;
  /** The combination of simple methods without the network; null if the network alone was asked for. */
  readonly combination: MethodScores | null;
  readonly naive: MethodScores;
  readonly seasonalNaive: MethodScores;
  readonly seasonalNaiveDrift: MethodScores;
  /** All simple methods, the three above among them. */
  readonly simple: Readonly<Record<SimpleMethod, MethodScores>>;
  /** MASE of the model over that of seasonal naive: below 1 the model is better. */
  readonly maseRatio: number | null;
  /** The method with the lowest mean absolute error. */
  readonly best: "model" | SimpleMethod | null;
  /** The honest sentence about it. */
  readonly verdict: string;
  /** The model's scores by origin, oldest first; of many series the means, with the times of the first one. */
  readonly backtest: readonly BacktestOrigin[];
}

/** One forecast value, in the unit of the target, with its intervals. */
export interface ForecastRow {
  readonly id: string | null;
  readonly target: string;
  readonly time: string;
  /** null in the future and where the file has no value. */
  readonly actual: number | null;
  readonly value: number;
  readonly lower80: number | null;
  readonly upper80: number | null;
  readonly lower95: number | null;
  readonly upper95: number | null;
}

/** The JSON value `result` of the command; `forecastJson(run)` picks exactly these fields from a run. */
export interface ForecastResult {
  readonly data: ForecastData;
  readonly network: ForecastNetwork;
  readonly training: ForecastTraining;
  readonly evaluation: ForecastEvaluation;
  readonly holdout: readonly ForecastRow[];
  readonly forecast: readonly ForecastRow[];
  readonly choice: ForecastChoice;
  /** The flagged rows in order of series and time, and how many were scored; absent unless asked for. */
  readonly anomalies?: readonly Anomaly[];
  readonly anomalySummary?: AnomalySummary;
  /** Present if an array was cut at 10,000 rows. */
  readonly truncated?: true;
}

/** What the task needs of a network; the library's `Model` has it. */
export type ForecastModel = Pick<Model<unknown>, "predict" | "save" | "stream" | "summary" | "weights">;

/** What `forecast()` resolves to: the JSON result plus what does not go into JSON. */
export interface ForecastRun extends ForecastResult {
  /** The network trained on all rows. */
  readonly model: ForecastModel;
  /** Goes to `preprocess.json` beside the saved model. */
  readonly preprocess: SavedPreprocess;
  /** Every row in time order, the hold-out included; the last 100,000 of a longer series. */
  readonly history: readonly HistoryPoint[];
  /** Of many series those that are worth a picture; empty for one. */
  readonly pictured: readonly PicturedSeries[];
  /** The simple methods over the hold-out, for plots and tables; same rows as `holdout`. */
  readonly simple: Readonly<Record<SimpleMethod, readonly (number | null)[]>>;
  readonly curves: readonly LossCurve[];
  /** The score of every observed row that could be forecast; null unless `anomalies` was asked for. */
  readonly rowScores: readonly RowScore[] | null;
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
  /** Plain sentences: what was found, why the transform. */
  readonly notes: readonly string[];
  readonly seconds: number;
}

/** What is stored for one series of a panel. */
export type SavedSeries = Pick<SavedPreprocess, "transform" | "intervals" | "choice" | "trainedTo">;

/** Content of `preprocess.json`: all that turns a table into windows and outputs into the target's unit. */
export interface SavedPreprocess {
  readonly format: "deep-rnn-forecast";
  readonly formatVersion: 3;
  readonly task: "forecast";
  readonly columns: { readonly time: readonly string[]; readonly target: string };
  /** Columns that the network reads beside the target; null for the target alone. */
  readonly beside: BesideFacts | null;
  readonly frequency: string;
  readonly season: number;
  readonly input: number;
  readonly horizon: number;
  readonly dateOrder: "dmy" | "mdy" | null;
  readonly missing: readonly string[];
  readonly duplicates: Duplicates | null;
  readonly transform: SavedTransform;
  /** Half-widths per step ahead in the level scale (logarithms if `transform.log`); null if there were too few residuals. */
  readonly intervals: { readonly half80: readonly number[]; readonly half95: readonly number[]; readonly apart: number | null } | null;
  /** Weights of the combination by member and of the network's correction; null for the network alone. */
  readonly choice: {
    readonly weights: Readonly<Record<string, number>>;
    readonly networkWeight: number;
    readonly longSeason: number;
  } | null;
  /** What the network is; null for a direct one that gives values alone. */
  readonly network: SavedNetwork | null;
  /** For ES-RNN: its form, and the series it was trained on in the order of their weights. */
  readonly esRnn?: { readonly spec: EsRnnSpec; readonly ids: readonly string[] };
  /** Time of the last row trained on; null in models of before. */
  readonly trainedTo: string | null;
  /** For many series: how they are told apart, and what belongs to each by its id; the fields above are then the first one's. */
  readonly panel?: {
    readonly id: string | null;
    readonly wide: boolean;
    readonly targets: readonly string[];
    readonly series: Readonly<Record<string, SavedSeries>>;
  };
}

/** Result of `predict MODEL FILE` for a forecast model. */
export interface ForecastPrediction {
  readonly task: "forecast";
  readonly count: number;
  readonly predictions: readonly ForecastRow[];
  /** The flagged rows of the table, and how many were scored; absent unless asked for. */
  readonly anomalies?: readonly Anomaly[];
  readonly anomalySummary?: AnomalySummary;
}
