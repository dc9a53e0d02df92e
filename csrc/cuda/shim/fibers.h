/* fibers.h: the threads of one block, all on one thread of the CPU.
 *
 * Each CUDA thread is a fiber: a function with a stack of its own that runs until it has to wait for others, and then
 * hands the processor back to the scheduler below. A barrier waits for every thread of the block that has not finished.
 * A warp operation (a shuffle, say) waits for the lanes named in its mask; the last of them to arrive computes the
 * results of all.
 *
 * On a GPU the threads of a block advance in no order that a program may rely on. So the scheduler has an order for each
 * `seed`: 0 first to last, 1 last to first, any other a random one. A kernel with a missing barrier gives right results
 * in some orders at most.
 */
#ifndef MINIRL_SHIM_FIBERS_H
#define MINIRL_SHIM_FIBERS_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace shim {

enum { WARP = 32, MAX_THREADS = 1024, STACK_BYTES = 1 << 16 };
enum State { READY, AT_BARRIER, IN_WARP, FINISHED };

struct Index {
    unsigned x, y, z;
};
struct Fiber;
typedef void (*WarpOperation)(Fiber *warp, unsigned mask); /* computes `result` from `operand` for the lanes of mask */

struct Fiber {
    Index thread;
    int number, lane;
    State state;
    unsigned mask;           /* of the warp operation it waits in */
    WarpOperation operation;
    uint32_t operand[12], result[4];
    const void *address;     /* operand of ldmatrix */
    char *stack;
#if defined(__x86_64__)
    void *stack_pointer;
#else
    ucontext_t context;
#endif
};

static Fiber fibers[MAX_THREADS], *current;
static Index block_index, block_size, grid_size;
static void (*body)(void **);
static void **arguments;
static char *message; /* what went wrong; empty where nothing did */
static size_t message_size;
static uint64_t random_state;

/* ---- switching stacks ---- */

#if defined(__x86_64__)
static void *scheduler_stack;
extern "C" void minirl_shim_switch(void **save, void *load) __attribute__((visibility("hidden")));
__asm__(".text\n.hidden minirl_shim_switch\n.globl minirl_shim_switch\nminirl_shim_switch:\n"
        "push %rbp\npush %rbx\npush %r12\npush %r13\npush %r14\npush %r15\n"
        "mov %rsp, (%rdi)\nmov %rsi, %rsp\n"
        "pop %r15\npop %r14\npop %r13\npop %r12\npop %rbx\npop %rbp\nret\n");
static void to_scheduler() { minirl_shim_switch(&current->stack_pointer, scheduler_stack); }
static void to_fiber() { minirl_shim_switch(&scheduler_stack, current->stack_pointer); }
static void set_start(Fiber *fiber, void (*start)()) {
    void **top = (void **)(((uintptr_t)fiber->stack + STACK_BYTES) & ~(uintptr_t)15);
    *--top = NULL;          /* where `start` would return to, which it never does */
    *--top = (void *)start; /* what `ret` jumps to */
    for (int saved = 0; saved < 6; saved++) *--top = NULL;
    fiber->stack_pointer = top;
}
#else
static ucontext_t scheduler_context;
static void to_scheduler() { swapcontext(&current->context, &scheduler_context); }
static void to_fiber() { swapcontext(&scheduler_context, &current->context); }
static void set_start(Fiber *fiber, void (*start)()) {
    getcontext(&fiber->context);
    fiber->context.uc_stack.ss_sp = fiber->stack;
    fiber->context.uc_stack.ss_size = STACK_BYTES;
    fiber->context.uc_link = NULL;
    makecontext(&fiber->context, start, 0);
}
#endif

/* ---- what a thread may do ---- */

static void complain(const char *format, ...) {
    if (message[0]) return; /* the first complaint is the cause */
    va_list values;
    va_start(values, format);
    vsnprintf(message, message_size, format, values);
    va_end(values);
}

/* Ends the kernel from inside a thread. */
static void fail(const char *what) {
    complain("block (%u, %u, %u), thread (%u, %u, %u): %s", block_index.x, block_index.y, block_index.z,
             current->thread.x, current->thread.y, current->thread.z, what);
    to_scheduler(); /* which never comes back */
}

static void barrier() {
    current->state = AT_BARRIER;
    to_scheduler();
}

/* Waits for the lanes of `mask`, which do the same operation. Then every lane's `result` is there. */
static void warp_operation(unsigned mask, WarpOperation operation) {
    if (!(mask >> current->lane & 1)) fail("a warp operation whose mask lacks the thread's own lane");
    current->mask = mask;
    current->operation = operation;
    current->state = IN_WARP;
    to_scheduler();
}

/* ---- the scheduler ---- */

static unsigned random_below(unsigned limit) { /* xorshift64 */
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)((random_state >> 32) % limit);
}

static void thread_main() {
    body(arguments);
    current->state = FINISHED;
    to_scheduler();
}

static int ready[MAX_THREADS], ready_count; /* the fibers that can go on, in the order in which they will */

/* `current` waits in a warp operation: does it, if all lanes of its mask have come. */
static void complete_warp(int threads) {
    Fiber *warp = current - current->lane;
    const unsigned mask = current->mask;
    for (int lane = 0; lane < WARP; lane++) {
        if (!(mask >> lane & 1)) continue;
        const int number = (int)(warp - fibers) + lane;
        if (number >= threads || warp[lane].state == FINISHED) {
            complain("block (%u, %u, %u), warp %d: a warp operation's mask %08x names lane %d, which has finished or "
                     "never was", block_index.x, block_index.y, block_index.z, (int)(warp - fibers) / WARP, mask, lane);
            return;
        }
        if (warp[lane].state != IN_WARP) return; /* not yet here */
        if (warp[lane].mask != mask || warp[lane].operation != current->operation) {
            if (warp[lane].mask & mask)
                complain("block (%u, %u, %u), warp %d: lanes %d and %d wait for each other in different warp operations",
                         block_index.x, block_index.y, block_index.z, (int)(warp - fibers) / WARP, current->lane, lane);
            return;
        }
    }
    if (current->operation) current->operation(warp, mask);
    for (int lane = 0; lane < WARP; lane++)
        if (mask >> lane & 1) {
            warp[lane].state = READY;
            ready[ready_count++] = (int)(warp - fibers) + lane;
        }
}

/* Runs all threads of one block to their ends. Returns whether they got there. */
static bool run_block(unsigned seed) {
    const int threads = (int)(block_size.x * block_size.y * block_size.z);
    int live = threads, waiting = 0;
    ready_count = 0;
    for (int i = 0; i < threads; i++) {
        Fiber *fiber = &fibers[i];
        fiber->thread.x = i % block_size.x;
        fiber->thread.y = i / block_size.x % block_size.y;
        fiber->thread.z = i / block_size.x / block_size.y;
        fiber->number = i;
        fiber->lane = i % WARP;
        fiber->state = READY;
        if (!fiber->stack) fiber->stack = (char *)malloc(STACK_BYTES);
        set_start(fiber, thread_main);
        ready[ready_count++] = seed == 1 ? threads - 1 - i : i;
    }
    while (live && !message[0]) {
        if (!ready_count) {
            complain("block (%u, %u, %u): %d threads wait at a barrier and %d in warp operations, for threads that "
                     "never come", block_index.x, block_index.y, block_index.z, waiting, live - waiting);
            break;
        }
        int at = seed < 2 ? 0 : (int)random_below(ready_count);
        current = &fibers[ready[at]];
        if (seed < 2)
            memmove(ready, ready + 1, (size_t)--ready_count * sizeof *ready);
        else
            ready[at] = ready[--ready_count];
        to_fiber();
        if (message[0]) break;
        if (current->state == AT_BARRIER) waiting++;
        if (current->state == FINISHED) live--;
        if (current->state == IN_WARP) complete_warp(threads);
        if (live && waiting == live) {
            for (int i = 0; i < threads; i++) {
                const int number = seed == 1 ? threads - 1 - i : i;
                if (fibers[number].state != AT_BARRIER) continue;
                fibers[number].state = READY;
                ready[ready_count++] = number;
            }
            waiting = 0;
        }
    }
    return !message[0];
}

} // namespace shim

#endif
