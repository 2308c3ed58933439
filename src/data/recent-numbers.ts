// Numbers that are computed when they are asked for; those asked for lately are kept, so that windows over the same rows share them.

import type { Numbers } from "./number-store.js";

/** Numbers per block, and blocks that are kept: short series are computed once, long ones take 128 kB. */
const blockSize = 256;
const mostBlocks = 64;

/** Computes blocks of numbers; block b has place b modulo their count, as in a direct-mapped cache. */
export class RecentNumbers implements Numbers {
  readonly #numbers: Numbers;
  readonly #blocks: (Float64Array | undefined)[] = [];
  readonly #held: number[] = [];

  constructor(numbers: Numbers) {
    this.#numbers = numbers;
  }

  get length(): number {
    return this.#numbers.length;
  }

  get(index: number): number {
    const block = Math.floor(index / blockSize);
    const place = block % mostBlocks;
    if (this.#held[place] !== block) this.#compute(block, place);
    return this.#blocks[place]![index - block * blockSize]!;
  }

  #compute(block: number, place: number): void {
    const start = block * blockSize;
    const size = Math.min(blockSize, this.#numbers.length - start);
    const known = this.#blocks[place];
    const values = known?.length === size ? known : new Float64Array(size);
    for (let i = 0; i < size; i++) values[i] = this.#numbers.get(start + i);
    this.#blocks[place] = values;
    this.#held[place] = block;
  }
}
