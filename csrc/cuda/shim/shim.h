/* shim.h: CUDA's language for a C++ compiler, so that the kernels run on the CPU, in tests and for readers without a GPU.
 *
 * It is included before a .cu file (g++ -include shim.h). A thread is a fiber (fibers.h). Shared memory is a section of
 * the program, filled with NaN before each block, so that whoever reads what nobody wrote gets NaN. Tensor cores and
 * ldmatrix are plain C that follows NVIDIA's description of them (PTX ISA, "Matrix multiply-accumulate").
 *
 * What it finds: wrong indices, wrong lanes, missing barriers, barriers that not all threads reach. What it cannot find:
 * errors of the assembler, too many registers, slow memory accesses, and races inside one statement.
 */
#ifndef MINIRL_SHIM_H
#define MINIRL_SHIM_H

#include <math.h>
#include <utility>

#include "fibers.h"

#define MINIRL_SHIM 1
#define __global__
#define __device__ static
#define __forceinline__ inline
#define __constant__ static const
#define __launch_bounds__(...)
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __shared__ static __attribute__((section("shared_memory")))
#define threadIdx (shim::current->thread)
#define blockIdx (shim::block_index)
#define blockDim (shim::block_size)
#define gridDim (shim::grid_size)

/* ---- functions of CUDA's that C lacks ---- */

static inline float normcdff(float x) { return (float)(0.5 * erfc(-(double)x / 1.4142135623730951)); }
static inline int __ffs(unsigned x) { return __builtin_ffs((int)x); }
static inline unsigned __float_as_uint(float x) {
    unsigned bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}
static inline float __uint_as_float(unsigned bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* ---- waiting for each other ---- */

static inline void __syncthreads() { shim::barrier(); }
static inline void __syncwarp(unsigned mask = 0xffffffffu) { shim::warp_operation(mask, NULL); }

namespace shim {

static const uint32_t NOBODYS = 0xffffffffu; /* NaN: what a lane reads from one that takes no part */

static void shuffle(Fiber *warp, unsigned mask) { /* operand: the value, as one word or two; then the lane to read */
    for (int lane = 0; lane < WARP; lane++) {
        if (!(mask >> lane & 1)) continue;
        const int from = (int)(warp[lane].operand[2] & 31);
        for (int word = 0; word < 2; word++)
            warp[lane].result[word] = mask >> from & 1 ? warp[from].operand[word] : NOBODYS;
    }
}

static void ballot(Fiber *warp, unsigned mask) {
    uint32_t votes = 0;
    for (int lane = 0; lane < WARP; lane++)
        if (mask >> lane & 1 && warp[lane].operand[0]) votes |= 1u << lane;
    for (int lane = 0; lane < WARP; lane++) warp[lane].result[0] = votes;
}

template <class T> static T read_lane(unsigned mask, T value, int lane) {
    static_assert(sizeof(T) == 4 || sizeof(T) == 8, "a shuffle moves 4 or 8 bytes");
    memcpy(current->operand, &value, sizeof value);
    current->operand[2] = (uint32_t)lane;
    warp_operation(mask, shuffle);
    memcpy(&value, current->result, sizeof value);
    return value;
}

} // namespace shim

template <class T> static T __shfl_sync(unsigned mask, T value, int lane) { return shim::read_lane(mask, value, lane); }
template <class T> static T __shfl_xor_sync(unsigned mask, T value, int bits) {
    return shim::read_lane(mask, value, shim::current->lane ^ bits);
}
static inline unsigned __ballot_sync(unsigned mask, int vote) {
    shim::current->operand[0] = vote != 0;
    shim::warp_operation(mask, shim::ballot);
    return shim::current->result[0];
}

/* ---- tensor cores: the instructions that tensor_cores.cuh wraps ---- */

namespace shim {

static float bf16_in(uint32_t word, int half) { return __uint_as_float(half ? word & 0xffff0000u : word << 16); }

/* m16n8k16: lane 4g + t holds of A rows g and g + 8, columns 2t, 2t + 1 and those 8 further; of B rows 2t, 2t + 1, 2t +
 * 8, 2t + 9 of column g; of C rows g and g + 8, columns 2t and 2t + 1. */
static void mma_bf16(Fiber *warp, unsigned mask) {
    (void)mask;
    float A[16][16], B[16][8];
    for (int lane = 0; lane < WARP; lane++) {
        const int g = lane / 4, t = lane % 4;
        for (int half = 0; half < 2; half++) {
            for (int word = 0; word < 4; word++)
                A[g + word % 2 * 8][2 * t + half + word / 2 * 8] = bf16_in(warp[lane].operand[word], half);
            for (int word = 0; word < 2; word++)
                B[2 * t + half + word * 8][g] = bf16_in(warp[lane].operand[4 + word], half);
        }
    }
    for (int lane = 0; lane < WARP; lane++)
        for (int i = 0; i < 4; i++) {
            const int row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
            float sum = __uint_as_float(warp[lane].operand[6 + i]);
            for (int k = 0; k < 16; k++) sum += A[row][k] * B[k][column];
            warp[lane].result[i] = __float_as_uint(sum);
        }
}

/* m16n8k8: lane 4g + t holds of A rows g and g + 8 of column t, then of column t + 4; of B rows t and t + 4 of column g; of
 * C as above. What lies behind TF32's bits is not looked at. */
static void mma_tf32(Fiber *warp, unsigned mask) {
    (void)mask;
    float A[16][8], B[8][8];
    for (int lane = 0; lane < WARP; lane++) {
        const int g = lane / 4, t = lane % 4;
        for (int word = 0; word < 4; word++)
            A[g + word % 2 * 8][t + word / 2 * 4] = __uint_as_float(warp[lane].operand[word] & 0xffffe000u);
        for (int word = 0; word < 2; word++)
            B[t + word * 4][g] = __uint_as_float(warp[lane].operand[4 + word] & 0xffffe000u);
    }
    for (int lane = 0; lane < WARP; lane++)
        for (int i = 0; i < 4; i++) {
            const int row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
            float sum = __uint_as_float(warp[lane].operand[6 + i]);
            for (int k = 0; k < 8; k++) sum += A[row][k] * B[k][column];
            warp[lane].result[i] = __float_as_uint(sum);
        }
}

/* Lanes 8 j to 8 j + 7 point at the rows of matrix j, 8 x 8 numbers of 16 bits. Lane 4g + t receives in word j the
 * numbers 2t and 2t + 1 of row g of matrix j. */
static void load_matrices(Fiber *warp, unsigned mask) {
    (void)mask;
    for (int lane = 0; lane < WARP; lane++)
        for (int matrix = 0; matrix < 4; matrix++)
            memcpy(&warp[lane].result[matrix], (const char *)warp[8 * matrix + lane / 4].address + lane % 4 * 4, 4);
}

static void multiply(WarpOperation operation, float d[4], const unsigned a[4], const unsigned b[2]) {
    memcpy(current->operand, a, 16);
    memcpy(current->operand + 4, b, 8);
    memcpy(current->operand + 6, d, 16);
    warp_operation(0xffffffffu, operation);
    memcpy(d, current->result, 16);
}

static void load(WarpOperation operation, unsigned words[4], const void *row) {
    if ((uintptr_t)row % 16) fail("ldmatrix: the address of a row is no multiple of 16");
    current->address = row;
    warp_operation(0xffffffffu, operation);
    memcpy(words, current->result, 16);
}

} // namespace shim

/* ---- launching ---- */

extern char __start_shared_memory[] __attribute__((weak, visibility("hidden")));
extern char __stop_shared_memory[] __attribute__((weak, visibility("hidden")));

namespace shim {

struct Kernel { /* one for each kernel of the file, in a list */
    const char *name;
    void (*call)(void **);
    Kernel *next;
};
static Kernel *kernels;

template <auto kernel> struct Caller;
template <class... Arguments, void (*kernel)(Arguments...)> struct Caller<kernel> {
    template <size_t... i> static void unpack(void **values, std::index_sequence<i...>) {
        kernel(*(Arguments *)values[i]...);
    }
    static void call(void **values) { unpack(values, std::index_sequence_for<Arguments...>()); }
};
struct Registration {
    Kernel kernel;
    Registration(const char *name, void (*call)(void **)) {
        kernel = {name, call, kernels};
        kernels = &kernel;
    }
};

static uint64_t common_factor(uint64_t a, uint64_t b) { return b ? common_factor(b, a % b) : a; }

} // namespace shim

#define SHIM_KERNEL(name) static shim::Registration registration_of_##name(#name, shim::Caller<name>::call);

extern "C" void *shim_find(const char *name) {
    for (shim::Kernel *kernel = shim::kernels; kernel; kernel = kernel->next)
        if (!strcmp(kernel->name, name)) return (void *)kernel;
    return NULL;
}

extern "C" size_t shim_shared_bytes() {
    return __start_shared_memory ? (size_t)(__stop_shared_memory - __start_shared_memory) : 0;
}

/* Runs all blocks of a grid, in the order of `seed`. What goes wrong is told in `message`, which is empty otherwise. */
extern "C" void shim_run(void *kernel, const unsigned grid[3], const unsigned block[3], void **arguments, unsigned seed,
                         char *message, size_t message_size) {
    using namespace shim;
    body = ((Kernel *)kernel)->call;
    shim::arguments = arguments;
    shim::message = message;
    shim::message_size = message_size;
    grid_size = {grid[0], grid[1], grid[2]};
    block_size = {block[0], block[1], block[2]};
    random_state = 88172645463325252u + seed * 2654435769u;
    message[0] = 0;
    const uint64_t blocks = (uint64_t)grid[0] * grid[1] * grid[2];
    uint64_t step = 1, at = 0;
    if (seed == 1) step = at = blocks - 1;
    if (seed > 1 && blocks > 2) { /* steps that share no factor with `blocks` come to each block once */
        at = random_below((unsigned)blocks);
        do step = 1 + random_below((unsigned)blocks - 1);
        while (common_factor(step, blocks) != 1);
    }
    for (uint64_t i = 0; i < blocks; i++, at = (at + step) % blocks) {
        block_index = {(unsigned)(at % grid[0]), (unsigned)(at / grid[0] % grid[1]), (unsigned)(at / grid[0] / grid[1])};
        if (shim_shared_bytes()) memset(__start_shared_memory, 0xff, shim_shared_bytes());
        if (!run_block(seed)) return;
    }
}

#endif
