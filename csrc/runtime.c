/* runtime.c: how many threads the kernels use, and what becomes of memory that is given back. */
#include <limits.h>
#include <pthread.h>
#include <stdlib.h> /* defines __GLIBC__, if it is there */

#include "minirl.h"
#include "parallel.h"
#ifdef __GLIBC__
#include <malloc.h>
#endif

static int thread_count = 1;
static int used_threads; /* whether a kernel ever asked for more than one */
static int orphan;       /* whether this process is the fork of one that did, and cannot start threads */

#ifndef MINIRL_OWN_OPENMP
/* A fork copies one thread of a process, and OpenMP's record of all of them. The copy would wait for ever for threads
 * that it does not have, so it computes with one. */
static void after_fork(void) { orphan = used_threads; }

void minirl_mind_forks(void) { pthread_atfork(NULL, NULL, after_fork); }
#endif

const char *minirl_compiler(void) {
#if defined(__clang__)
    return __VERSION__; /* begins with the compiler's name */
#elif defined(__GNUC__)
    return "GCC " __VERSION__;
#else
    return "unknown";
#endif
}

int minirl_has_openmp(void) {
#if defined(MINIRL_OWN_OPENMP)
    return 2;
#elif defined(_OPENMP)
    return 1;
#else
    return 0;
#endif
}

void minirl_set_threads(int threads) { thread_count = threads < 1 ? 1 : threads; }

int minirl_get_threads(void) { return orphan ? 1 : thread_count; }

int threads_usable(int wanted) {
    if (orphan) return 1;
    if (wanted > 1) used_threads = 1;
    return wanted;
}

int threads_for(int64_t work, int64_t grain) {
    int64_t useful = work / grain;
    if (useful < 1) return 1;
    return threads_usable(useful < thread_count ? (int)useful : thread_count);
}

/* Every training step allocates and frees the same arrays. By default glibc returns what is free at the end of its heap
 * to the system, which then hands it out again page by page, each zeroed first. */
void minirl_keep_memory(void) {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 32 << 20); /* larger arrays are returned even so, since they leave large gaps */
    mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}
