// Chooses among the compiled variants by what the processor and the operating system support.
#include "variants.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace {

#if defined(__x86_64__)

/// Register states that the operating system saves on a switch (XCR0).
uint64_t savedStates() {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return ((uint64_t)high << 32) | low;
}

struct Processor {
  bool avx2, avx512;
};

Processor detect() {
  Processor p = {false, false};
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return p;
  const bool fma = (c >> 12) & 1, xsave = (c >> 27) & 1, avx = (c >> 28) & 1;
  if (!fma || !xsave || !avx) return p;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return p;
  const uint64_t states = savedStates();
  p.avx2 = ((b >> 5) & 1) && (states & 0x6) == 0x6;
  // Foundation, DQ, BW and VL: all processors since 2017 with the first have the others.
  const uint32_t needed = (1u << 16) | (1u << 17) | (1u << 30) | (1u << 31);
  p.avx512 = p.avx2 && (b & needed) == needed && (states & 0xe6) == 0xe6;
  return p;
}

#endif

// Asking the processor costs microseconds under a hypervisor: once. Two threads that ask at the same time write the same answer.
const CoreVariant* supported[3];
int supportedCount = 0;

void find() {
  int count = 0;
#if defined(__x86_64__)
  const Processor p = detect();
  if (p.avx512) __atomic_store_n(&supported[count++], &coreVariant_avx512, __ATOMIC_RELAXED);
  if (p.avx2) __atomic_store_n(&supported[count++], &coreVariant_avx2, __ATOMIC_RELAXED);
#elif defined(__aarch64__)
  __atomic_store_n(&supported[count++], &coreVariant_neon, __ATOMIC_RELAXED);
#endif
  __atomic_store_n(&supported[count++], &coreVariant_baseline, __ATOMIC_RELAXED);
  __atomic_store_n(&supportedCount, count, __ATOMIC_RELEASE);
}

}  // namespace

extern "C" int coreVariantCount(void) {
  if (__atomic_load_n(&supportedCount, __ATOMIC_ACQUIRE) == 0) find();
  return __atomic_load_n(&supportedCount, __ATOMIC_ACQUIRE);
}

extern "C" const CoreVariant* coreVariantAt(int index) {
  const int count = coreVariantCount();
  return index >= 0 && index < count ? __atomic_load_n(&supported[index], __ATOMIC_RELAXED) : nullptr;
}
