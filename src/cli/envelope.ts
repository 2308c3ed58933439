// The one JSON value that `--json` prints: an answer that worked, or an error that says where and what to do.

/** Which backend ran and why it was chosen. */
export interface BackendInfo {
  readonly name: string;
  readonly variant: string;
  readonly class: string;
  readonly threads: number;
  readonly reason: string;
}

/** Something that did not stop the run but should be known. */
export interface Warning {
  readonly code: string;
  readonly message: string;
}

/** A command that worked. */
export interface Ok<R> {
  readonly version: 1;
  readonly command: string;
  readonly ok: true;
  readonly seed: number;
  readonly seconds: number;
  /** null where nothing is computed: help, completion, settings. */
  readonly backend: BackendInfo | null;
  /** Paths of the run folder, the saved model and the report; null if not written. */
  readonly run: string | null;
  readonly model: string | null;
  readonly report: string | null;
  readonly warnings: readonly Warning[];
  readonly result: R;
}

/** A command that failed. */
export interface Bad {
  readonly version: 1;
  readonly command: string;
  readonly ok: false;
  readonly error: {
    readonly code: string;
    /** The whole sentence, hint included, as a person would read it on stderr. */
    readonly message: string;
    readonly hint: string;
    readonly file: string | null;
    readonly line: number | null;
    readonly column: string | null;
  };
}

/** JSON text; NaN and infinities become null, typed arrays become arrays. */
export function toJson(value: unknown, indent = 0): string {
  const clean = (_key: string, each: unknown): unknown => {
    if (typeof each === "number") return Number.isFinite(each) ? each : null;
    return ArrayBuffer.isView(each) && !(each instanceof DataView) ? Array.from(each as unknown as Iterable<number>) : each;
  };
  return JSON.stringify(value, clean, indent);
}
