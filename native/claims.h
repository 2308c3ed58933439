// How the threads of one fork share its parts: each part is claimed by whoever comes first, the thread that forked included.
// So nobody waits for a thread that has not started, and which thread does a part changes no bit.
#pragma once
#include "core.h"

/// `state` is generation * 65536 + number of parts * 256 + next part to claim.
struct Claims {
  uint64_t state = 0;
  int32_t done = 0;
  void (*work)(void*, int) = nullptr;
  void* argument = nullptr;
};

inline uint64_t claimState(const Claims& c) { return __atomic_load_n(&c.state, __ATOMIC_ACQUIRE); }
inline uint64_t generationOf(uint64_t state) { return state >> 16; }
inline int partsOf(uint64_t state) { return (int)(state >> 8 & 255); }

/// Opens the next generation of at most 255 parts. All parts of the one before are done.
inline void openClaims(Claims& c, int parts, void (*work)(void*, int), void* argument) {
  c.work = work;
  c.argument = argument;
  __atomic_store_n(&c.done, 0, __ATOMIC_RELAXED);
  const uint64_t generation = generationOf(__atomic_load_n(&c.state, __ATOMIC_RELAXED)) + 1;
  __atomic_store_n(&c.state, generation << 16 | (uint64_t)parts << 8, __ATOMIC_RELEASE);
}

/// Takes the next part; false if none is left. The generation is part of the exchanged word: a late thread never takes what is not there.
inline bool claimPart(Claims& c, int* part) {
  uint64_t state = claimState(c);
  for (;;) {
    const int next = (int)(state & 255);
    if (next >= partsOf(state)) return false;
    if (!__atomic_compare_exchange_n(&c.state, &state, state + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) continue;
    *part = next;
    return true;
  }
}

/// Does parts until none is left; returns how many. A claimed part holds its generation open, so `work` and `argument` stand still.
/// `last` becomes true if this call ended the generation.
inline int doParts(Claims& c, bool* last) {
  int count = 0;
  *last = false;
  for (int part = 0; claimPart(c, &part); count++) {
    const int parts = partsOf(claimState(c));
    c.work(c.argument, part);
    *last = __atomic_add_fetch(&c.done, 1, __ATOMIC_ACQ_REL) == parts;
  }
  return count;
}

inline bool allDone(const Claims& c, int parts) { return __atomic_load_n(&c.done, __ATOMIC_ACQUIRE) == parts; }
