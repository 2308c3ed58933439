// Time domains of a section in the current run: their tables are made again only when lengths or sizes have changed.

import type { HostArray } from "../../base/dtype.js";
import { makeWindowTables, type RunDomain } from "../../ir/core/domain.js";
import type { BufferHome, LoweredDomain } from "../../ir/lowered/program.js";
import type { SymbolTable } from "./program-sizes.js";

/** One domain with the tables of its last run. */
export class DomainCache {
  readonly domain: LoweredDomain;
  readonly #batch: () => number;
  readonly #time: () => number;
  #lengths: Int32Array | null = null;
  #made: RunDomain | null = null;
  /** The time that it was made from. */
  #madeOf = -1;

  constructor(domain: LoweredDomain, symbols: SymbolTable) {
    this.domain = domain;
    this.#batch = symbols.compile(domain.batch);
    this.#time = symbols.compile(domain.over?.time ?? domain.time);
  }

  /** True if the tables are not those of the last run. */
  update(lengths: HostArray["data"] | null): boolean {
    const [batch, time] = [this.#batch(), this.#time()];
    if (this.#made?.batch === batch && this.#madeOf === time && sameNumbers(this.#lengths, lengths)) return false;
    this.#made = makeWindowTables(batch, time, lengths, this.domain.over?.windows ?? []);
    this.#madeOf = time;
    this.#lengths = lengths === null ? null : Int32Array.from(lengths);
    return true;
  }

  /** Steps of the longest row that a run with these sizes can have. */
  get time(): number {
    return this.#made?.time ?? 0;
  }

  /** Stacked rows of this run. */
  get steps(): number {
    return this.#made?.steps ?? 0;
  }

  table(name: Extract<BufferHome, { kind: "table" }>["table"]): Int32Array {
    const made = this.#made!;
    if (name === "rows" || name === "offsets") return made[name];
    return made.tables[name];
  }
}

function sameNumbers(kept: Int32Array | null, given: HostArray["data"] | null): boolean {
  if (kept === null || given === null) return kept === null && given === null;
  return kept.length === given.length && kept.every((value, index) => value === given[index]);
}
