// Threads for the native core: one pool per process, fork and join, spinning for a bounded time and then asleep.
#include "claims.h"

namespace {
constexpr int kMostThreads = 64;
}

#if defined(_WIN32) || defined(__wasm__) || defined(DRNN_NO_THREADS)

extern "C" int coreMaxThreads(void) { return 1; }
extern "C" void coreParallel(int threads, void (*work)(void*, int), void* argument) {
  for (int part = 0; part < threads; part++) work(argument, part);
}

#else

#include <pthread.h>
#include <unistd.h>

namespace {

/// Worker i takes part in forks of more than i parts.
struct Pool {
  pthread_mutex_t user = PTHREAD_MUTEX_INITIALIZER;  // held by whoever runs a fork
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
  pthread_cond_t done = PTHREAD_COND_INITIALIZER;
  int asleep = 0;  // workers that wait to be woken; under the mutex
  int workers = 0;
  int processors = 0;
  Claims claims;
};
Pool pool;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// Some tens of microseconds; nothing where threads would have to share a processor.
int spins(int parts) { return parts > pool.processors ? 0 : 1500; }

/// Waits for a generation after `seen`: awake for a while, then asleep.
uint64_t nextGeneration(uint64_t seen, int parts) {
  for (int i = spins(parts); i > 0; i--) {
    const uint64_t state = claimState(pool.claims);
    if (generationOf(state) != seen) return state;
    relax();
  }
  pthread_mutex_lock(&pool.mutex);
  pool.asleep++;
  while (generationOf(claimState(pool.claims)) == seen) pthread_cond_wait(&pool.wake, &pool.mutex);
  pool.asleep--;
  pthread_mutex_unlock(&pool.mutex);
  return claimState(pool.claims);
}

struct WorkerStart {
  int index;
  uint64_t seen;
};
WorkerStart starts[kMostThreads];

void* workerMain(void* argument) {
  const WorkerStart& start = *(const WorkerStart*)argument;
  const int index = start.index;
  uint64_t state = start.seen;
  for (;;) {
    state = nextGeneration(generationOf(state), partsOf(state));
    if (index >= partsOf(state)) continue;
    bool last = false;
    doParts(pool.claims, &last);
    if (!last) continue;
    pthread_mutex_lock(&pool.mutex);
    pthread_cond_signal(&pool.done);
    pthread_mutex_unlock(&pool.mutex);
  }
  return nullptr;
}

/// Called by the pool's user only. Fewer workers than asked for is no error: the caller does their parts.
void ensureWorkers(int wanted) {
  if (pool.processors == 0) pool.processors = (int)sysconf(_SC_NPROCESSORS_ONLN);
  while (pool.workers < wanted) {
    WorkerStart& start = starts[pool.workers + 1];
    start = {pool.workers + 1, claimState(pool.claims)};
    pthread_t thread;
    if (pthread_create(&thread, nullptr, workerMain, &start) != 0) return;
    pthread_detach(thread);
    pool.workers++;
  }
}

void join(int parts) {
  for (int i = spins(parts); i > 0; i--) {
    if (allDone(pool.claims, parts)) return;
    relax();
  }
  pthread_mutex_lock(&pool.mutex);
  while (!allDone(pool.claims, parts)) pthread_cond_wait(&pool.done, &pool.mutex);
  pthread_mutex_unlock(&pool.mutex);
}

}  // namespace

extern "C" int coreMaxThreads(void) { return kMostThreads; }

extern "C" void coreParallel(int threads, void (*work)(void*, int), void* argument) {
  // A second user (another worker of the host) does its parts one after another: the bits are the same.
  if (threads <= 1 || threads > kMostThreads || pthread_mutex_trylock(&pool.user) != 0) {
    for (int part = 0; part < threads; part++) work(argument, part);
    return;
  }
  ensureWorkers(threads - 1);
  pthread_mutex_lock(&pool.mutex);
  openClaims(pool.claims, threads, work, argument);
  if (pool.asleep > 0) pthread_cond_broadcast(&pool.wake);
  pthread_mutex_unlock(&pool.mutex);
  bool last = false;
  doParts(pool.claims, &last);
  join(threads);
  pthread_mutex_unlock(&pool.user);
}

#endif
