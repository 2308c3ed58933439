// Errors that end the search: what differs, where in the model, during which phase, what to try.

/** Facts that turn a failure into a sentence. */
export interface ErrorFacts {
  /** Unique, listed in docs/errors.md. */
  readonly code: string;
  /** What is wrong, with both shapes where shapes are concerned. No final full stop. */
  readonly what: string;
  /** What to try. */
  readonly hint?: string;
  /** The op or function that noticed. */
  readonly op?: string;
  /** Path of the layer, as in `encoder/lstm-1`. */
  readonly where?: string;
  /** trace, compile, run … */
  readonly phase?: string;
}

/**
 * The base of every error this library throws on purpose.
 *
 * @example try { model.build(["time", 3]); } catch (error) { if (error instanceof DeepRnnError) console.error(error.code, error.hint); }
 */
export class DeepRnnError extends Error {
  readonly code: string;
  readonly what: string;
  readonly hint: string;
  readonly where: string;

  constructor(facts: ErrorFacts) {
    super(sentence(facts));
    this.name = new.target.name;
    this.code = facts.code;
    this.what = facts.what;
    this.hint = facts.hint ?? "";
    this.where = facts.where ?? "";
  }
}

/**
 * Shapes or dtypes that do not fit.
 *
 * @example try { matmul(ones([2, 3]), ones([2, 3])); } catch (error) { console.log(error instanceof ShapeError); }  // true
 */
export class ShapeError extends DeepRnnError {}

/**
 * A call that the library does not allow: wrong order, wrong kind of argument.
 *
 * @example try { sequential([]); } catch (error) { console.log(error instanceof UsageError && error.code); }  // no_layers
 */
export class UsageError extends DeepRnnError {}

/** Where in a user's file the trouble is. */
export interface DataPlace {
  readonly file?: string;
  readonly line?: number;
  readonly column?: string;
}

/**
 * Data or files that cannot be used: the message is one sentence for the user, shown as it is; exit code 2.
 *
 * @example await loadModel("models/a").catch((error) => console.error(error instanceof DataError ? error.file : error));
 */
export class DataError extends DeepRnnError {
  readonly file: string | null;
  readonly line: number | null;
  readonly column: string | null;

  constructor(code: string, message: string, hint = "", place: DataPlace = {}) {
    super({ code, what: message, hint });
    this.message = hint === "" ? message : `${message} ${hint}`;
    this.file = place.file ?? null;
    this.line = place.line ?? null;
    this.column = place.column ?? null;
  }
}

/**
 * A failure while running: divergence, a bad index in the data, memory.
 *
 * @example await model.save("models/a").catch((error) => console.error(error instanceof RunError ? error.code : error));
 */
export class RunError extends DeepRnnError {}

function sentence(facts: ErrorFacts): string {
  const head = facts.op === undefined ? facts.what : `${facts.op}: ${facts.what}`;
  const layer = facts.where === undefined || facts.where === "" ? "" : ` in layer "${facts.where}"`;
  const phase = facts.phase === undefined ? "" : `, during ${facts.phase}`;
  const hint = facts.hint === undefined || facts.hint === "" ? "" : ` ${facts.hint}`;
  return `${head}${layer}${phase}.${hint} [${facts.code}]`;
}
