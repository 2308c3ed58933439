// The core as a Node addon: memory blocks outside the JavaScript heap, and one call that runs a program.
#include <stdlib.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "node_api_min.h"
#include "variants.h"

#define DRNN_EXPORT extern "C" __attribute__((visibility("default")))

namespace {

constexpr size_t kAlign = 64;
// The largest ArrayBuffer of Node 20.
constexpr double kLargestBlock = 4294967296.0;

/// A block's memory; the last 64 bytes before `data` hold the pointer back to this record.
struct Held {
  void* base;      // nullptr once released
  bool inUse;      // one of our own calls still needs this record: the finaliser must leave it
  bool finalized;  // it did
};

/// Large blocks in large pages where the system gives them: products walk matrices column by column, a page for every row.
void adviseLargePages(void* base, size_t length) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr uintptr_t kPage = 2u << 20;
  const uintptr_t first = ((uintptr_t)base + kPage - 1) & ~(kPage - 1), end = ((uintptr_t)base + length) & ~(kPage - 1);
  // Where that is refused, the pages stay small.
  if (end > first) (void)madvise((void*)first, end - first, MADV_HUGEPAGE);
#else
  (void)base, (void)length;
#endif
}

void release(Held* held) {
  free(held->base);
  held->base = nullptr;
}

/// V8 calls this when no buffer shows the memory any more: later, or in the middle of one of our calls.
void finalize(napi_env, void*, void* hint) {
  Held* held = (Held*)hint;
  release(held);
  held->finalized = true;
  if (!held->inUse) free(held);
}

napi_value number(napi_env env, double value) {
  napi_value result = nullptr;
  napi_create_double(env, value, &result);
  return result;
}
napi_value null(napi_env env) {
  napi_value result = nullptr;
  napi_get_null(env, &result);
  return result;
}

/// Fills `arguments`; absent ones are undefined.
void readArguments(napi_env env, napi_callback_info info, napi_value* arguments, size_t count) {
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
}
bool readNumber(napi_env env, napi_value value, double* result) {
  if (napi_get_value_double(env, value, result) == 0) return true;
  napi_throw_type_error(env, "bad_argument", "a number is needed");
  return false;
}

/// allocate(bytes) -> { address, buffer }, zeroed and aligned to 64 bytes; null if that much cannot be had.
napi_value allocate(napi_env env, napi_callback_info info) {
  napi_value argument[1];
  double bytes = 0;
  readArguments(env, info, argument, 1);
  if (!readNumber(env, argument[0], &bytes)) return nullptr;
  if (!(bytes >= 0 && bytes <= kLargestBlock)) return null(env);
  const size_t length = bytes < (double)kAlign ? kAlign : (size_t)bytes;
  Held* held = (Held*)malloc(sizeof(Held));
  void* base = calloc(1, length + 2 * kAlign);
  if (held == nullptr || base == nullptr) {
    free(held);
    free(base);
    return null(env);
  }
  adviseLargePages(base, length);
  *held = {base, true, false};
  char* data = (char*)(((uintptr_t)base + 2 * kAlign - 1) & ~(uintptr_t)(kAlign - 1));
  *(Held**)(void*)(data - kAlign) = held;
  napi_value buffer = nullptr, block = nullptr;
  const bool made = napi_create_external_arraybuffer(env, data, length, finalize, held, &buffer) == 0;
  held->inUse = false;
  if (!made) {
    // Whether the finaliser still comes is not said: give the memory back and leave the few bytes of the record to it.
    napi_value exception = nullptr;
    napi_get_and_clear_last_exception(env, &exception);
    release(held);
    return null(env);
  }
  napi_create_object(env, &block);
  napi_set_named_property(env, block, "address", number(env, (double)(uintptr_t)data));
  napi_set_named_property(env, block, "buffer", buffer);
  return block;
}

/// free(buffer): detaches every view of the block, then gives its memory back at once.
napi_value freeBlock(napi_env env, napi_callback_info info) {
  napi_value argument[1];
  void* data = nullptr;
  size_t length = 0;
  readArguments(env, info, argument, 1);
  if (napi_get_arraybuffer_info(env, argument[0], &data, &length) != 0 || data == nullptr || length == 0) return nullptr;
  Held* held = *(Held**)(void*)((char*)data - kAlign);
  held->inUse = true;
  const bool detached = napi_detach_arraybuffer(env, argument[0]) == 0;
  held->inUse = false;
  if (detached) release(held);
  if (held->finalized) free(held);
  return nullptr;
}

/// run(header, variant): the header's address and the variant's number.
napi_value run(napi_env env, napi_callback_info info) {
  napi_value argument[2];
  double header = 0, index = 0;
  readArguments(env, info, argument, 2);
  if (!readNumber(env, argument[0], &header) || !readNumber(env, argument[1], &index)) return nullptr;
  const CoreVariant* variant = index >= 0 && index < 16 ? coreVariantAt((int)index) : nullptr;
  if (variant == nullptr || !(header > 0 && header < 9007199254740992.0)) {
    napi_throw_type_error(env, "bad_argument", "no such variant or header");
    return nullptr;
  }
  variant->run((const double*)(uintptr_t)header);
  return nullptr;
}

/// peak(rounds, variant) -> floating operations done.
napi_value peak(napi_env env, napi_callback_info info) {
  napi_value argument[2];
  double rounds = 0, index = 0;
  readArguments(env, info, argument, 2);
  if (!readNumber(env, argument[0], &rounds) || !readNumber(env, argument[1], &index)) return nullptr;
  const CoreVariant* variant = index >= 0 && index < 16 ? coreVariantAt((int)index) : nullptr;
  return number(env, variant != nullptr && rounds > 0 ? variant->peak(rounds) : 0);
}

/// info() -> { maxThreads, variants: [{ name, fused, panelWidth, scratchBytes }] }, best variant first.
napi_value describe(napi_env env, napi_callback_info) {
  napi_value result = nullptr, list = nullptr;
  napi_create_object(env, &result);
  napi_create_array(env, &list);
  for (int i = 0; i < coreVariantCount(); i++) {
    const CoreVariant* variant = coreVariantAt(i);
    napi_value entry = nullptr, name = nullptr, fused = nullptr;
    napi_create_object(env, &entry);
    napi_create_string_utf8(env, variant->name, SIZE_MAX, &name);
    napi_get_boolean(env, variant->fused != 0, &fused);
    napi_set_named_property(env, entry, "name", name);
    napi_set_named_property(env, entry, "fused", fused);
    napi_set_named_property(env, entry, "panelWidth", number(env, variant->panelWidth));
    napi_set_named_property(env, entry, "scratchBytes", number(env, (double)variant->scratchBytes));
    napi_set_element(env, list, (uint32_t)i, entry);
  }
  napi_set_named_property(env, result, "maxThreads", number(env, coreMaxThreads()));
  napi_set_named_property(env, result, "variants", list);
  return result;
}

void add(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function = nullptr;
  napi_create_function(env, name, SIZE_MAX, callback, nullptr, &function);
  napi_set_named_property(env, exports, name, function);
}

}  // namespace

DRNN_EXPORT int32_t node_api_module_get_api_version_v1(void) { return 8; }

DRNN_EXPORT napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  add(env, exports, "allocate", allocate);
  add(env, exports, "free", freeBlock);
  add(env, exports, "run", run);
  add(env, exports, "peak", peak);
  add(env, exports, "info", describe);
  return exports;
}
