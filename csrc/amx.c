/* amx.c: whether this process may use the tile registers of AMX.
 *
 * Three have to agree. The processor must have them. The system must save them when it switches threads (XCR0 says so).
 * And Linux must have been asked, once per process: the tiles of a thread are 8 KB that a signal's stack must have room
 * for, so it refuses where a thread has set up a stack that is too small (Linux, Documentation/arch/x86/xstate.rst).
 */
#define _GNU_SOURCE
#include "minirl.h"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ARCH_REQ_XCOMP_PERM 0x1023
#define XTILEDATA 18
#define SAVED_TILES (3u << 17) /* of XCR0: the configuration and the tiles */

static uint32_t xcr0(void) {
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static const char *refusal(void) {
    unsigned int a, b, c, d;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(d & 1u << 22) || !(d & 1u << 24))
        return "the processor has no AMX for bfloat16";
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & 1u << 27) || (xcr0() & SAVED_TILES) != SAVED_TILES)
        return "the system, or the virtual machine's host, keeps AMX switched off";
    if (syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XTILEDATA) == 0) return NULL;
    if (errno == ENOSPC) return "Linux refuses AMX to this process: a thread has a signal stack too small for its tiles";
    return "Linux refuses AMX to this process; it takes Linux 5.16 or newer";
}

const char *minirl_amx_refusal(void) {
    static const char *reason;
    static int asked;
    if (!asked) reason = refusal();
    asked = 1;
    return reason ? reason : "";
}
#else
const char *minirl_amx_refusal(void) { return "AMX is used on Linux and x86-64 alone"; }
#endif
