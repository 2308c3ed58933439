// Pieces of one linear memory: first fit from a sorted list of free pieces, neighbours joined when they come back.

/** A piece of memory in bytes. */
export interface Piece {
  readonly address: number;
  readonly bytes: number;
}

/** What the allocator needs from the memory under it. */
export interface GrowingMemory {
  /** Bytes there are now. */
  size(): number;
  /** Makes the memory at least this large; false if that cannot be. */
  growTo(bytes: number): boolean;
  /** Sets bytes to zero. */
  clear(address: number, bytes: number): void;
}

/** Hands out 64-byte aligned, zeroed pieces. */
export interface Heap {
  /** undefined if the memory cannot grow that far. */
  take(bytes: number): Piece | undefined;
  giveBack(piece: Piece): void;
  /** Bytes handed out now. */
  used(): number;
}

const align = 64;

/** A heap over `memory` from `start` on. */
export function createHeap(memory: GrowingMemory, start: number): Heap {
  const free: Piece[] = [];
  let end = roundUp(start); // first byte never handed out
  let used = 0;

  const fromFree = (bytes: number): Piece | undefined => {
    const at = free.findIndex((piece) => piece.bytes >= bytes);
    const piece = free[at];
    if (piece === undefined) return undefined;
    const rest = { address: piece.address + bytes, bytes: piece.bytes - bytes };
    free.splice(at, 1, ...(rest.bytes > 0 ? [rest] : []));
    memory.clear(piece.address, bytes);
    return { address: piece.address, bytes };
  };

  const fromEnd = (bytes: number): Piece | undefined => {
    // A free piece that touches the end is used up before the memory grows.
    const last = free.at(-1);
    const touching = last !== undefined && last.address + last.bytes === end ? last : undefined;
    const address = touching?.address ?? end;
    if (address + bytes > memory.size() && !memory.growTo(address + bytes)) return undefined;
    if (touching !== undefined) {
      free.pop();
      memory.clear(address, touching.bytes);
    }
    end = address + bytes;
    return { address, bytes };
  };

  return {
    take(asked) {
      const bytes = Math.max(align, roundUp(asked));
      const piece = fromFree(bytes) ?? fromEnd(bytes);
      if (piece !== undefined) used += piece.bytes;
      return piece;
    },
    giveBack(piece) {
      used -= piece.bytes;
      const after = free.findIndex((other) => other.address > piece.address);
      const at = after < 0 ? free.length : after;
      free.splice(at, 0, piece);
      join(free, at);
      if (at > 0) join(free, at - 1);
    },
    used: () => used,
  };
}

/** Joins piece `at` with the next one if they touch. */
function join(free: Piece[], at: number): void {
  const piece = free[at];
  const next = free[at + 1];
  if (piece === undefined || next === undefined || piece.address + piece.bytes !== next.address) return;
  free.splice(at, 2, { address: piece.address, bytes: piece.bytes + next.bytes });
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / align) * align;
}
