// Time domains of a section in the current run: their tables are made again only when lengths or sizes have changed.

import type { HostArray } from "../../base/dtype.js";
import { makeDomainTables, type RunDomain } from "../../ir/core/domain.js";
import type { BufferHome, LoweredDomain } from "../../ir/lowered/program.js";
import type { SymbolTable } from "./program-sizes.js";

/** One domain with the tables of its last run. */
export class DomainCache {
  readonly domain: LoweredDomain;
  readonly #batch: () => number;
  readonly #time: () => number;
  #lengths: Int32Array | null = null;
  #made: RunDomain | null = null;

  constructor(domain: LoweredDomain, symbols: SymbolTable) {
    this.domain = domain;
    this.#batch = symbols.compile(domain.batch);
    this.#time = symbols.compile(domain.time);
  }

  /** True if the tables are not those of the last run. */
  update(lengths: HostArray["data"] | null): boolean {
    const [batch, time] = [this.#batch(), this.#time()];
    if (this.#made?.batch === batch && this.#made.time === time && sameNumbers(this.#lengths, lengths)) return false;
    this.#made = makeDomainTables(batch, time, lengths);
    this.#lengths = lengths === null ? null : Int32Array.from(lengths);
    return true;
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
