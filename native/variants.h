// The variants compiled into this library, best first, and whether this processor can run them.
#pragma once
#include "core.h"

extern "C" {

/// Number of variants the processor supports; they are numbered from the best.
int coreVariantCount(void);
/// nullptr outside 0 .. coreVariantCount() - 1.
const CoreVariant* coreVariantAt(int index);

#if defined(__x86_64__)
extern const CoreVariant coreVariant_avx512, coreVariant_avx2, coreVariant_baseline;
#elif defined(__aarch64__)
extern const CoreVariant coreVariant_neon, coreVariant_baseline;
#else
extern const CoreVariant coreVariant_baseline;
#endif

}  // extern "C"
