// The core as a WebAssembly module: nothing imported but, in the module with threads, the shared memory; allocation left to the host.
#include "core.h"

#define DRNN_JOIN_OF(a, b) a##b
#define DRNN_JOIN(a, b) DRNN_JOIN_OF(a, b)
#define DRNN_THIS DRNN_JOIN(coreVariant_, DRNN_VARIANT)
#define DRNN_EXPORT(name) extern "C" __attribute__((export_name(name)))

#include <wasm_simd128.h>

extern "C" const CoreVariant DRNN_THIS;

#if defined(__wasm_atomics__)
#include "pool_wasm.h"
#else
extern "C" int coreMaxThreads(void) { return 1; }
extern "C" void coreParallel(int threads, void (*work)(void*, int), void* argument) {
  for (int part = 0; part < threads; part++) work(argument, part);
}
#endif

DRNN_EXPORT("run") void run(uint32_t header) { DRNN_THIS.run((const double*)(uintptr_t)header); }
DRNN_EXPORT("peak") double peak(double rounds) { return DRNN_THIS.peak(rounds); }
DRNN_EXPORT("panelWidth") int panelWidth(void) { return DRNN_THIS.panelWidth; }
DRNN_EXPORT("scratchBytes") int scratchBytes(void) { return (int)DRNN_THIS.scratchBytes; }

/// Whether multiply-add rounds once here: relaxed SIMD leaves that to the processor.
DRNN_EXPORT("fused") int fused(void) {
#if DRNN_FMA
  // (1 + 2^-12)^2 - 1 - 2^-11 is 2^-24 if rounded once, 0 if the product is rounded first.
  static volatile float parts[2] = {1.000244140625f, -1.00048828125f};
  const v128_t x = wasm_f32x4_splat(parts[0]), c = wasm_f32x4_splat(parts[1]);
  return wasm_f32x4_extract_lane(wasm_f32x4_relaxed_madd(x, x, c), 0) != 0.0f;
#else
  return 0;
#endif
}
