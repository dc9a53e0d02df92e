"""The program that calls a learner's function for a check: it stands round the function and watches its memory. It is
C, and C++ too, for the launchers of kernels.

Requests come in through standard input, answers leave through standard output. A request names a function and brings
its arguments; the program puts every array between two guard bands, calls the function, looks whether the bands are
as they were, and sends the arrays back. Where it ends instead, the runner reads what a sanitizer wrote about it.
"""

from collections.abc import Sequence

from minirl.lessons.c.prototype import Parameter, Prototype

GUARD = 4096  # bytes on either side of an array
OFFSET = 8  # arrays begin this many bytes past a multiple of 64, so that aligned loads of vectors are found
REPORT = 6  # whole numbers in front of an answer

COMMON = r"""
#undef malloc
#undef calloc
#undef realloc
#undef aligned_alloc
#undef posix_memalign
#undef free
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#ifdef __APPLE__
#include <malloc/malloc.h>
#define usable malloc_size
#else
#include <malloc.h>
#define usable malloc_usable_size
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WATCHED 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define WATCHED 1
#endif
#ifdef WATCHED
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#ifdef __linux__
#include <ucontext.h>
#endif
#ifdef __cplusplus
extern "C"
#endif
void __sanitizer_symbolize_pc(void *pc, const char *format, char *out, size_t size);
#endif

/* ---- allocations of the learner's file are counted ---- */

static int64_t live, peak;

static void *more(void *p) {
    if (!p) return p;
    int64_t now = __atomic_add_fetch(&live, (int64_t)usable(p), __ATOMIC_RELAXED);
    int64_t top = __atomic_load_n(&peak, __ATOMIC_RELAXED);
    while (now > top && !__atomic_compare_exchange_n(&peak, &top, now, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}
    return p;
}
static void less(void *p) {
    if (p) __atomic_sub_fetch(&live, (int64_t)usable(p), __ATOMIC_RELAXED);
}
void *minirl_malloc(size_t n) { return more(malloc(n)); }
void *minirl_calloc(size_t n, size_t size) { return more(calloc(n, size)); }
void *minirl_aligned_alloc(size_t a, size_t n) { return more(aligned_alloc(a, n)); }
void *minirl_realloc(void *p, size_t n) { less(p); return more(realloc(p, n)); }
int minirl_posix_memalign(void **p, size_t a, size_t n) {
    int failed = posix_memalign(p, a, n);
    if (!failed) more(*p);
    return failed;
}
void minirl_free(void *p) { 
#ifndef WATCHED
    less(p);
#else
    if (p && !__asan_region_is_poisoned(p, 1)) less(p); /* a pointer that is freed twice is the sanitizer's */
#endif
    free(p);
}

/* ---- arrays between guard bands ---- */

typedef struct {
    const char *name;
    char *block, *data;
    int64_t bytes, item;
} Array;

static Array arrays[MOST_ARRAYS];
static int n_arrays;

static void get(void *to, size_t n) {
    if (n && fread(to, 1, n, stdin) != n) exit(0); /* the runner has gone */
}
static FILE *answer;
static void put(const void *from, size_t n) { fwrite(from, 1, n, answer); }

static const uint32_t mark = 0x7fc0dead; /* a NaN */

static Array *take(const char *name, int64_t item) {
    Array *x = &arrays[n_arrays++];
    *x = (Array){name, 0, 0, 0, item};
    get(&x->bytes, sizeof x->bytes);
    if (x->bytes < 0) return x;
    size_t whole = (size_t)(2 * GUARD + OFFSET + x->bytes + 64) / 64 * 64;
    x->block = (char *)aligned_alloc(64, whole);
    if (!x->block) { fprintf(stderr, "no memory for the check\n"); exit(3); }
    for (size_t i = 0; i + 4 <= whole; i += 4) memcpy(x->block + i, &mark, 4);
    x->data = x->block + GUARD + OFFSET;
    get(x->data, (size_t)x->bytes);
    size_t tail = (size_t)x->bytes % 4; /* so that the pattern behind the array begins with a whole number */
    for (size_t i = 0; tail && i < 4 - tail; i++) x->data[x->bytes + i] = 0x5a;
#ifdef WATCHED
    __asan_poison_memory_region(x->block, GUARD + OFFSET);
    __asan_poison_memory_region(x->data + x->bytes, GUARD);
#endif
    return x;
}
static int64_t whole(void) { int64_t x; get(&x, sizeof x); return x; }
static double real(void) { double x; get(&x, sizeof x); return x; }

/* The first place outside of its array that was written to: its index among the elements. */
static int broken(const Array *x, int64_t *index) {
    int64_t behind = (x->bytes + 3) / 4 * 4;
    for (int64_t at = -GUARD; at < behind + GUARD - 64; at += 4) {
        if (at == 0) at = behind;
        if (memcmp(x->data + at, &mark, 4)) {
            *index = at < 0 ? -((-at + x->item - 1) / x->item) : at / x->item;
            return 1;
        }
    }
    return 0;
}

static void begin(void) { live = peak = 0; }

static void finish(const void *result) {
    int64_t report[REPORT] = {-1, 0, live, peak, n_arrays, 0};
    for (int i = 0; i < n_arrays; i++) {
        if (!arrays[i].block) continue;
#ifdef WATCHED
        __asan_unpoison_memory_region(arrays[i].block, GUARD + OFFSET);
        __asan_unpoison_memory_region(arrays[i].data + arrays[i].bytes, GUARD);
#endif
        if (report[0] < 0 && broken(&arrays[i], &report[1])) report[0] = i;
    }
    fflush(stdout);
    put(report, sizeof report);
    put(result, 8);
    for (int i = 0; i < n_arrays; i++) {
        if (!arrays[i].block) continue;
        put(arrays[i].data, (size_t)arrays[i].bytes);
        free(arrays[i].block);
    }
    n_arrays = 0;
    fflush(answer);
}

#ifdef WATCHED
static void last_words(void) { /* which array, and which element, was touched */
    char *at = __asan_report_present() ? (char *)__asan_get_report_address() : 0;
    for (int i = 0; at && i < n_arrays; i++) {
        Array *x = &arrays[i];
        if (!x->block || at < x->block - 64 || at >= x->data + x->bytes + GUARD) continue;
        int64_t off = at - x->data, index = off < 0 ? -((-off + x->item - 1) / x->item) : off / x->item;
        fprintf(stderr, "\nminirl: %s %lld %lld\n", x->name, (long long)index, (long long)(x->bytes / x->item));
    }
}
static void where(int number, siginfo_t *info, void *context) { /* the runner asks before it ends an endless loop */
    char line[400] = "";
    void *pc = 0;
    (void)number, (void)info;
#if defined(__linux__) && defined(__x86_64__)
    pc = (void *)((ucontext_t *)context)->uc_mcontext.gregs[16];
#elif defined(__linux__) && defined(__aarch64__)
    pc = (void *)((ucontext_t *)context)->uc_mcontext.pc;
#endif
    (void)context;
    if (pc) __sanitizer_symbolize_pc(pc, "%s:%l", line, sizeof line);
    fprintf(stderr, "\nminirl in %s\n", line);
    _exit(4);
}
#endif

static void start(void) {
    answer = fdopen(dup(1), "wb"); /* what the learner prints goes elsewhere */
    dup2(2, 1);
#ifdef WATCHED
    __sanitizer_set_death_callback(last_words);
    struct sigaction action = {0};
    action.sa_sigaction = where;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGUSR1, &action, 0);
#endif
    int64_t hello = 0x6d696e69;
    put(&hello, sizeof hello);
    fflush(answer);
}
"""


def driver(prototypes: Sequence[Prototype]) -> str:
    """The program as C: COMMON, and for each function of the exercises a piece that fetches its arguments."""
    most = max([1, *(len(one.parameters) for one in prototypes)])
    lines = [f"#define MOST_ARRAYS {most}", f"#define GUARD {GUARD}", f"#define OFFSET {OFFSET}"]
    lines += [f"#define REPORT {REPORT}", COMMON]
    cases = []
    for index, prototype in enumerate(prototypes):
        fetched = [f"        {fetch(one)}" for one in prototype.parameters]
        called = f"{prototype.name}({', '.join(passed(one) for one in prototype.parameters)})"
        floating = prototype.returns in ("float", "double")
        kept = "double result" if floating else "int64_t result"
        call = f"        {kept} = 0; {called};" if prototype.returns == "void" else f"        {kept} = {called};"
        lines += [
            f"static void call_{index}(void) {{",
            *fetched,
            "        begin();",
            call,
            "        finish(&result);",
            "}",
        ]
        cases.append(f"            case {index}: call_{index}(); break;")
    lines += ["int main(void) {", "    start();", "    for (;;) {", "        switch (whole()) {", *cases]
    lines += ["            default: return 0;", "        }", "    }", "}", ""]
    return "\n".join(lines)


def fetch(one: Parameter) -> str:
    """The statement that fetches an argument."""
    if one.pointer:
        return f'{one.kind} *{one.name}_ = ({one.kind} *)take("{one.name}", sizeof({one.kind}))->data;'
    return f"{one.kind} {one.name}_ = ({one.kind}){'real' if one.kind in ('float', 'double') else 'whole'}();"


def passed(one: Parameter) -> str:
    """The argument in the call."""
    return f"{one.name}_"
