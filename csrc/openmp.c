/* openmp.c: the part of OpenMP's runtime that the kernels need, for GCC on Linux.
 *
 * GCC turns `#pragma omp parallel` into a function that holds the region's body, and a call of GOMP_parallel, which
 * runs that function on several threads. Usually libgomp answers the call. It suits a program that has its cores alone.
 * Beside another busy program it does not: a region waits for all of its threads, also for one that has not begun
 * because the other program has its core. And in a fork it waits for ever, for threads that only the parent has. Here
 *
 *   - the caller itself takes the parts of a region that no other thread has begun;
 *   - where threads lose more time by waiting than they save, regions use one thread less for a while;
 *   - a fork starts threads of its own.
 *
 * A thread that waits for the next region first asks for it again and again, since it usually comes soon, and then
 * sleeps. No result depends on who computes which part (parallel.h), so none of this changes a bit.
 */
#define _GNU_SOURCE /* sched_getaffinity */
#ifndef MINIRL_OWN_OPENMP
typedef int nothing_here; /* the compiler's own runtime is used */
#else
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "minirl.h"

typedef int64_t ns;
enum { MOST_THREADS = 1024, LOOPS = 16, MS = 1000000 };
#define IDLE_SPIN (3 * MS)       /* how long a thread asks for the next region before it sleeps */
#define WAIT_SPIN (MS / 5)       /* how long the caller asks for the end of one before it sleeps */
#define CREDIT (20 * MS)         /* the most that time saved makes up for time lost */
#define LATE (MS / 20)           /* lost where all others come too late: about what it takes to wake them */
#define TRIAL MS                 /* the same when a thread has just been taken back */
#define SHORTEST_PAUSE (8 * MS)  /* how long regions go without a thread */
#define LONGEST_PAUSE (250 * MS)

static ns now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (ns)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* ---- waiting for a number to change ---- */

typedef struct {
    _Alignas(64) _Atomic uint32_t value;
    _Atomic int sleepers;
} signal_word;

static void wake(signal_word *word) {
    if (atomic_load(&word->sleepers)) syscall(SYS_futex, &word->value, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

/* Returns when the value is not `old` any more: asks for `spin`, then sleeps. */
static void wait_for_change(signal_word *word, uint32_t old, ns spin) {
    for (ns start = 0; atomic_load_explicit(&word->value, memory_order_acquire) == old;) {
        for (int i = 0; i < 64 && atomic_load_explicit(&word->value, memory_order_relaxed) == old; i++) relax();
        const ns time = now();
        if (!start) start = time;
        if (time - start < spin) continue;
        atomic_fetch_add(&word->sleepers, 1);
        syscall(SYS_futex, &word->value, FUTEX_WAIT_PRIVATE, old, NULL, NULL, 0);
        atomic_fetch_sub(&word->sleepers, 1);
    }
}

/* ---- the team ---- */

/* A region has parts 0 to threads - 1, and each runs its body once. `next` holds the region's number (upper 32 bits),
 * its parts and how many of them have begun (16 bits each): a thread that comes late finds another number, or no part. */
static struct {
    _Alignas(64) _Atomic uint64_t next;
    signal_word region;   /* its number; helpers wait for the next one */
    signal_word finished; /* how many of its parts are */
    signal_word arrived;  /* at barriers, all of the region together */
    _Alignas(64) _Atomic int64_t taken[LOOPS]; /* chunks of each loop whose iterations are handed out */
    _Atomic ns helped; /* time that others computed */
    void (*body)(void *);
    void *data;
} team;

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static struct {
    atomic_flag taken;   /* by a caller: others compute alone meanwhile */
    int helpers;         /* threads that were started */
    int fewer;           /* threads that regions go without at present */
    ns balance;          /* time saved of late, less time lost */
    ns pause, until;     /* how long `fewer` holds the next time, and until when it does */
    _Atomic ns spin;     /* IDLE_SPIN, but 0 where there are more threads than cores */
} pool = {.taken = ATOMIC_FLAG_INIT, .balance = CREDIT, .pause = SHORTEST_PAUSE, .spin = IDLE_SPIN};

typedef struct {
    int64_t start, end, step; /* step: from one chunk to the next */
    int64_t number, turn;     /* which of the region's loops this is, and chunks that this part asked for */
    int over;
} loop;

#ifdef __GLIBC__
#define QUICK_TO_FIND __attribute__((tls_model("initial-exec"))) /* others load no such library while they run */
#else
#define QUICK_TO_FIND
#endif

/* What a thread does at present: part `part` of `threads`, after so many loops and barriers. */
static _Thread_local struct place {
    int part, threads, loops, barriers;
    ns waited; /* at barriers */
    loop loop;
} me QUICK_TO_FIND = {.threads = 1};

static void run(int part, int threads, void (*body)(void *), void *data) {
    me.part = part, me.threads = threads, me.loops = me.barriers = 0;
    body(data);
}

/* Runs the parts of this region that nobody has begun. helping: not as its caller. */
static void run_parts(uint32_t region, int helping) {
    uint64_t next = atomic_load(&team.next);
    for (;;) {
        const uint32_t threads = (next >> 16) & 0xffff, part = next & 0xffff;
        if ((uint32_t)(next >> 32) != region || part >= threads) return;
        if (!atomic_compare_exchange_weak(&team.next, &next, next + 1)) continue;
        const ns start = helping ? now() : 0;
        run((int)part, (int)threads, team.body, team.data); /* it lasts until its last part, so this is it */
        if (helping) atomic_fetch_add(&team.helped, now() - start);
        next = atomic_load(&team.next);
        atomic_fetch_add(&team.finished.value, 1);
        wake(&team.finished);
    }
}

static void *help(void *nothing) {
    for (uint32_t seen = 0;;) {
        wait_for_change(&team.region, seen, atomic_load_explicit(&pool.spin, memory_order_relaxed));
        seen = atomic_load(&team.region.value);
        run_parts(seen, 1);
    }
    return nothing;
}

/* Starts threads until there are `wanted` helpers; returns how many there are. */
static int start_helpers(int wanted) {
    sigset_t all, before;
    if (pool.helpers >= wanted) return wanted;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the program's own threads */
    for (pthread_t thread; pool.helpers < wanted && !pthread_create(&thread, NULL, help, NULL); pool.helpers++)
        pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    cpu_set_t cores;
    if (!sched_getaffinity(0, sizeof cores, &cores) && pool.helpers >= CPU_COUNT(&cores)) atomic_store(&pool.spin, 0);
    return pool.helpers < wanted ? pool.helpers : wanted;
}

static void forget_helpers(void) {
    pool.helpers = pool.fewer = 0;
    pool.balance = CREDIT, pool.pause = SHORTEST_PAUSE, pool.spin = IDLE_SPIN;
    atomic_flag_clear(&pool.taken);
    pthread_mutex_init(&one_at_a_time, NULL);
    atomic_store(&team.next, 0); /* the parent may have been within a region, in another thread */
    atomic_store(&team.region.sleepers, 0);
    atomic_store(&team.finished.sleepers, 0);
    atomic_store(&team.arrived.sleepers, 0);
    me.threads = 1;
}

void minirl_mind_forks(void) { pthread_atfork(NULL, NULL, forget_helpers); }

/* ---- how many threads are worth it ---- */

/* A region took `time`, and the caller worked for `worked` of it. What the others worked was saved, shared among them.
 * A quarter of it counts, since two threads that read the same memory are not twice as fast; and not more than the caller
 * worked, since a thread that loses its core for a while seems to work longer. Waiting counts as lost beyond the time
 * worked: less is usual where the parts are not equally long, and to wait for a thread that the system does not run
 * takes several milliseconds at once. */
static void account(int threads, ns worked, ns time, ns at) {
    const ns waited = time - worked, helped = atomic_load(&team.helped) / (threads - 1);
    pool.balance += helped ? (helped < worked ? helped : worked) / (threads - 1) / 4 : -LATE;
    if (waited > worked) pool.balance -= waited - worked;
    if (pool.balance < 0) {
        pool.fewer++;
        pool.until = at + pool.pause;
        pool.pause = 2 * pool.pause < LONGEST_PAUSE ? 2 * pool.pause : LONGEST_PAUSE;
        pool.balance = TRIAL;
    } else if (pool.balance >= CREDIT) {
        pool.balance = CREDIT;
        if (!pool.fewer) pool.pause = SHORTEST_PAUSE;
    }
}

/* The number of threads for a region that would like to have `wanted`. */
static int worthwhile(int wanted, ns at) {
    if (pool.fewer && at >= pool.until) {
        pool.fewer--;
        pool.until = at + pool.pause;
        pool.balance = TRIAL;
    }
    const int most = minirl_get_threads() - pool.fewer;
    return wanted < most ? wanted : most;
}

/* ---- what GCC calls ---- */

void GOMP_parallel(void (*body)(void *), void *data, unsigned wanted, unsigned flags) {
    (void)flags;
    int threads = wanted ? (int)wanted : minirl_get_threads();
    const ns start = threads > 1 ? now() : 0;
    if (threads > MOST_THREADS) threads = MOST_THREADS;
    const int mine = threads > 1 && me.threads == 1 && !atomic_flag_test_and_set(&pool.taken);
    if (mine) {
        threads = worthwhile(threads, start);
        threads = threads > 1 ? 1 + start_helpers(threads - 1) : 1;
    }
    if (!mine || threads < 2) {
        const struct place outer = me; /* this may be a region within a region */
        run(0, 1, body, data);
        me = outer;
        if (mine) atomic_flag_clear(&pool.taken);
        return;
    }
    const uint32_t region = atomic_load(&team.region.value) + 1;
    team.body = body, team.data = data;
    atomic_store(&team.finished.value, 0);
    atomic_store(&team.arrived.value, 0);
    atomic_store(&team.helped, 0);
    for (int i = 0; i < LOOPS; i++) atomic_store_explicit(&team.taken[i], 0, memory_order_relaxed);
    atomic_store(&team.next, (uint64_t)region << 32 | (uint64_t)threads << 16);
    atomic_store(&team.region.value, region);
    wake(&team.region);
    me.waited = 0;
    run_parts(region, 0);
    const ns worked = now() - start - me.waited;
    for (uint32_t finished; (finished = atomic_load(&team.finished.value)) < (uint32_t)threads;)
        wait_for_change(&team.finished, finished, WAIT_SPIN);
    me.threads = 1;
    const ns end = now();
    account(threads, worked, end - start, end);
    atomic_flag_clear(&pool.taken);
}

int omp_get_thread_num(void) { return me.part; }
int omp_get_num_threads(void) { return me.threads; }

void GOMP_barrier(void) {
    if (me.threads == 1) return;
    const uint32_t awaited = (uint32_t)(++me.barriers * me.threads);
    atomic_fetch_add(&team.arrived.value, 1);
    wake(&team.arrived);
    const ns start = now();
    for (uint32_t arrived; (arrived = atomic_load(&team.arrived.value)) < awaited;)
        wait_for_change(&team.arrived, arrived, WAIT_SPIN);
    me.waited += now() - start;
}

/* Chunks of a loop with schedule(dynamic) go to whoever asks; after the first LOOPS loops of a region, in turns. */
bool GOMP_loop_nonmonotonic_dynamic_next(long *start, long *end) {
    loop *own = &me.loop;
    if (own->over) return false;
    int64_t chunk = own->turn++ * me.threads + me.part;
    if (me.threads > 1 && own->number < LOOPS) chunk = atomic_fetch_add(&team.taken[own->number], 1);
    const int64_t from = own->start + chunk * own->step;
    own->over = own->step > 0 ? from >= own->end : from <= own->end;
    if (own->over) return false;
    const int last = own->step > 0 ? from + own->step >= own->end : from + own->step <= own->end;
    *start = from, *end = last ? own->end : from + own->step;
    return true;
}

bool GOMP_loop_nonmonotonic_dynamic_start(long start, long end, long step, long chunk, long *from, long *to) {
    me.loop = (loop){.start = start, .end = end, .step = step * chunk, .number = me.loops++};
    return GOMP_loop_nonmonotonic_dynamic_next(from, to);
}

bool GOMP_loop_dynamic_next(long *, long *) __attribute__((alias("GOMP_loop_nonmonotonic_dynamic_next")));
bool GOMP_loop_dynamic_start(long, long, long, long, long *, long *)
    __attribute__((alias("GOMP_loop_nonmonotonic_dynamic_start"))); /* older compilers' names */

void GOMP_loop_end(void) { GOMP_barrier(); }
void GOMP_loop_end_nowait(void) {}

/* Where parts add up what they found, or set a common number. */
void GOMP_atomic_start(void) { pthread_mutex_lock(&one_at_a_time); }
void GOMP_atomic_end(void) { pthread_mutex_unlock(&one_at_a_time); }
#endif
