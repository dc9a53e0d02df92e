/* parallel.h: threads, used so that results never depend on how many there are.
 *
 * The rule: work is cut into pieces by its size alone, never by the number of threads; a piece is computed by one
 * thread; pieces that add into one place are added afterwards, in order. Threads only decide who computes which
 * piece. Every kernel keeps this rule, so a run has the same bits on any number of cores.
 */
#ifndef MINIRL_PARALLEL_H
#define MINIRL_PARALLEL_H

#include <stdint.h>
#ifdef _OPENMP
#include <omp.h>
#endif

/* `wanted`, or 1 where a parallel region of more would never end: in a fork of a process that had such regions. Every
 * region's number of threads comes from here or from threads_for. */
int threads_usable(int wanted);

/* How many threads are worth waking for `work` operations, when fewer than `grain` each would not pay. */
int threads_for(int64_t work, int64_t grain);

/* Which of a parallel region's threads this is, from 0 on: it says whose scratch memory is whose, and no more. */
static inline int thread_number(void) {
#ifdef _OPENMP
    return omp_get_thread_num();
#else
    return 0;
#endif
}

#endif
