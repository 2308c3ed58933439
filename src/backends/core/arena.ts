// Working memory that the sections of a program share.

import type { Block, Machine } from "./machine.js";

/** Memory that the sections of a program share; `generation` counts moves. */
export class Arena {
  readonly #machine: Machine;
  block: Block | null = null;
  generation = 0;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Makes room; contents are lost when it grows. */
  reserve(bytes: number): Block {
    if (this.block !== null && this.block.bytes >= bytes) return this.block;
    if (this.block !== null) this.#machine.free(this.block);
    this.block = null;
    this.block = this.#machine.allocate(bytes);
    this.generation += 1;
    return this.block;
  }
}
