// Threads for the WebAssembly core: workers of the host call `serve` in the same memory and take parts of what the main thread forks.
#pragma once
#include "claims.h"

namespace {

constexpr int kMostParts = 64;
/// About twenty to fifty microseconds of reading one word.
constexpr int kSpins = 20000;

struct Pool {
  Claims claims;
  int32_t ticket;   // changes with every generation; what workers sleep on
  int32_t asleep;   // workers that sleep or are about to
  int32_t arrived;  // workers in `serve`
  int32_t helped;   // parts done by workers, ever
  int32_t failed;   // workers that stopped in the middle of a part
  int32_t wanted;   // most parts asked for so far
  int32_t mayWait;  // the forking thread may sleep: not so on a page's main thread
  int32_t spins;    // 0 where threads have to share a processor
};
Pool pool;

int32_t readWord(const int32_t* p) { return __atomic_load_n(p, __ATOMIC_SEQ_CST); }

/// Waits until all parts are done. Nobody is waited for who has not claimed a part, so this lasts no longer than one part.
void join(int parts) {
  for (int i = pool.spins; i > 0; i--)
    if (allDone(pool.claims, parts)) return;
  for (;;) {
    const int32_t done = readWord(&pool.claims.done);
    if (done == parts) return;
    if (pool.mayWait) __builtin_wasm_memory_atomic_wait32(&pool.claims.done, done, -1);
  }
}

void endPart(bool last) {
  if (last) __builtin_wasm_memory_atomic_notify(&pool.claims.done, 1);
}

/// Until the ticket is another one: awake for a while, then asleep.
void awaitTicket(int32_t seen) {
  for (int i = pool.spins; i > 0; i--)
    if (readWord(&pool.ticket) != seen) return;
  __atomic_fetch_add(&pool.asleep, 1, __ATOMIC_SEQ_CST);
  __builtin_wasm_memory_atomic_wait32(&pool.ticket, seen, -1);
  __atomic_fetch_sub(&pool.asleep, 1, __ATOMIC_SEQ_CST);
}

}  // namespace

extern "C" int coreMaxThreads(void) { return kMostParts; }

extern "C" void coreParallel(int threads, void (*work)(void*, int), void* argument) {
  if (threads > pool.wanted) pool.wanted = threads;
  if (threads <= 1 || readWord(&pool.arrived) == 0) {
    for (int part = 0; part < threads; part++) work(argument, part);
    return;
  }
  openClaims(pool.claims, threads, work, argument);
  __atomic_fetch_add(&pool.ticket, 1, __ATOMIC_SEQ_CST);
  if (readWord(&pool.asleep) > 0) __builtin_wasm_memory_atomic_notify(&pool.ticket, (unsigned)threads - 1);
  bool last = false;
  doParts(pool.claims, &last);
  join(threads);
}

/// A worker's life; it ends with the worker.
DRNN_EXPORT("serve") void serve(void) {
  __atomic_fetch_add(&pool.arrived, 1, __ATOMIC_SEQ_CST);
  for (;;) {
    const int32_t seen = readWord(&pool.ticket);
    bool last = false;
    const int count = doParts(pool.claims, &last);
    if (count > 0) __atomic_fetch_add(&pool.helped, count, __ATOMIC_SEQ_CST);
    endPart(last);
    awaitTicket(seen);
  }
}

/// For a worker that a trap threw out of a part: the part counts as ended, and the run as failed.
DRNN_EXPORT("abandon") void abandon(void) {
  __atomic_fetch_sub(&pool.arrived, 1, __ATOMIC_SEQ_CST);
  __atomic_fetch_add(&pool.failed, 1, __ATOMIC_SEQ_CST);
  __atomic_fetch_add(&pool.claims.done, 1, __ATOMIC_SEQ_CST);
  endPart(true);
}

DRNN_EXPORT("prepareThreads") void prepareThreads(int mayWait, int spin) {
  pool.mayWait = mayWait;
  pool.spins = spin ? kSpins : 0;
}
DRNN_EXPORT("wanted") int wanted(void) { return pool.wanted; }
DRNN_EXPORT("arrived") int arrived(void) { return readWord(&pool.arrived); }
DRNN_EXPORT("helped") int helped(void) { return readWord(&pool.helped); }
DRNN_EXPORT("failed") int failed(void) { return readWord(&pool.failed); }
