// Threads for the native core: one pool per process, fork and join, spinning for a bounded time and then asleep.
#include "core.h"

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

/// `ticket` is generation * 256 + number of parts; workers with an index below that number take part once per generation.
struct Pool {
  pthread_mutex_t user = PTHREAD_MUTEX_INITIALIZER;  // held by whoever runs a fork
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
  pthread_cond_t done = PTHREAD_COND_INITIALIZER;
  uint64_t ticket = 0;
  int remaining = 0;
  int workers = 0;
  int processors = 0;
  void (*work)(void*, int) = nullptr;
  void* argument = nullptr;
};
Pool pool;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// About 20 microseconds; nothing where threads would have to share a processor.
int spins(uint64_t ticket) { return (int)(ticket & 255) > pool.processors ? 0 : 1000; }

uint64_t nextTicket(uint64_t seen) {
  for (int i = spins(seen); i > 0; i--) {
    const uint64_t ticket = __atomic_load_n(&pool.ticket, __ATOMIC_ACQUIRE);
    if (ticket != seen) return ticket;
    relax();
  }
  pthread_mutex_lock(&pool.mutex);
  while (__atomic_load_n(&pool.ticket, __ATOMIC_ACQUIRE) == seen) pthread_cond_wait(&pool.wake, &pool.mutex);
  const uint64_t ticket = __atomic_load_n(&pool.ticket, __ATOMIC_ACQUIRE);
  pthread_mutex_unlock(&pool.mutex);
  return ticket;
}

struct WorkerStart {
  int index;
  uint64_t seen;
};
WorkerStart starts[kMostThreads];

void* workerMain(void* argument) {
  const WorkerStart& start = *(const WorkerStart*)argument;
  const int index = start.index;
  uint64_t seen = start.seen;
  for (;;) {
    seen = nextTicket(seen);
    if (index >= (int)(seen & 255)) continue;
    pool.work(pool.argument, index);
    if (__atomic_sub_fetch(&pool.remaining, 1, __ATOMIC_ACQ_REL) > 0) continue;
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
    start = {pool.workers + 1, __atomic_load_n(&pool.ticket, __ATOMIC_ACQUIRE)};
    pthread_t thread;
    if (pthread_create(&thread, nullptr, workerMain, &start) != 0) return;
    pthread_detach(thread);
    pool.workers++;
  }
}

void join(uint64_t ticket) {
  for (int i = spins(ticket); i > 0; i--) {
    if (__atomic_load_n(&pool.remaining, __ATOMIC_ACQUIRE) == 0) return;
    relax();
  }
  pthread_mutex_lock(&pool.mutex);
  while (__atomic_load_n(&pool.remaining, __ATOMIC_ACQUIRE) != 0) pthread_cond_wait(&pool.done, &pool.mutex);
  pthread_mutex_unlock(&pool.mutex);
}

void serial(int first, int threads, void (*work)(void*, int), void* argument) {
  for (int part = first; part < threads; part++) work(argument, part);
}

}  // namespace

extern "C" int coreMaxThreads(void) { return kMostThreads; }

extern "C" void coreParallel(int threads, void (*work)(void*, int), void* argument) {
  // A second user (another worker of the host) does its parts one after another: the bits are the same.
  if (threads <= 1 || pthread_mutex_trylock(&pool.user) != 0) return serial(0, threads, work, argument);
  ensureWorkers(threads - 1);
  const int together = threads <= pool.workers + 1 ? threads : pool.workers + 1;
  pool.work = work;
  pool.argument = argument;
  __atomic_store_n(&pool.remaining, together - 1, __ATOMIC_RELEASE);
  const uint64_t ticket = (pool.ticket / 256 + 1) * 256 + (uint64_t)together;
  pthread_mutex_lock(&pool.mutex);
  __atomic_store_n(&pool.ticket, ticket, __ATOMIC_RELEASE);
  pthread_cond_broadcast(&pool.wake);
  pthread_mutex_unlock(&pool.mutex);
  work(argument, 0);
  serial(together, threads, work, argument);
  join(ticket);
  pthread_mutex_unlock(&pool.user);
}

#endif
