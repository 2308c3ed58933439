// What a growing log file offers, wherever it lies.

/** An open log. */
export interface LogFile {
  /** Bytes so far. */
  readonly size: number;
  append(data: string | Uint8Array): Promise<void>;
  close(): Promise<void>;
}
