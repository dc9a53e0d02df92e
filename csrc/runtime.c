/* runtime.c: how many threads the kernels use. */
#include "minirl.h"
#include "parallel.h"

static int thread_count = 1;

int minirl_has_openmp(void) {
#ifdef _OPENMP
    return 1;
#else
    return 0;
#endif
}

void minirl_set_threads(int threads) { thread_count = threads < 1 ? 1 : threads; }

int minirl_get_threads(void) { return thread_count; }

int threads_for(int64_t work, int64_t grain) {
    int64_t useful = work / grain;
    if (useful < 1) return 1;
    return useful < thread_count ? (int)useful : thread_count;
}
