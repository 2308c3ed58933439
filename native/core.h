// The core's outer face: the run header, the list of variants, and what a host gives them.
#pragma once
#include "platform.h"

extern "C" {

/// Places in the header of 16 doubles; 9 may hold the work (in floating operations) from which threads are used, 0 = the core's own.
enum RunHeader {
  HEADER_CODE = 0,
  HEADER_FIRST = 1,
  HEADER_END = 2,
  HEADER_SIZES = 3,
  HEADER_BUFFERS = 4,
  HEADER_SCRATCH = 5,
  HEADER_SCRATCH_BYTES = 6,
  HEADER_THREADS = 7,
  HEADER_STATUS = 8,
  HEADER_PARALLEL_WORK = 9
};

/// Places in the status block of eight 32-bit integers.
enum RunStatus { STATUS_ERROR = 0, STATUS_SITE = 1, STATUS_VALUE = 2, STATUS_CANCEL = 3 };

enum RunError { ERROR_NONE = 0, ERROR_INDEX = 1, ERROR_PROGRAM = 2, ERROR_CANCELLED = 9 };

/// One compilation of the kernels for one instruction set.
struct CoreVariant {
  const char* name;
  int fused;
  int panelWidth;
  int64_t scratchBytes;  // per thread
  void (*run)(const double* header);
  double (*peak)(double rounds);  // multiply-adds in registers alone; returns the floating operations done
};

/// Runs `work(argument, thread)` for thread = 0 .. threads-1 and returns when all are done. Never nested.
void coreParallel(int threads, void (*work)(void*, int), void* argument);
int coreMaxThreads(void);

}  // extern "C"
