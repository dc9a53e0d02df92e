/* driver.cpp: the few functions of NVIDIA's driver (libcuda) that minirl calls, for the CPU.
 *
 * A module is a shared library: a .cu file compiled with shim.h. The memory of this device is the computer's own, but
 * locked: only while a kernel or a copy runs may it be read or written, so that a program which reaches for device
 * memory past the driver is ended at once (SIGSEGV). New memory is filled with NaN. Between two arrays lies a gap; a
 * kernel that writes there is reported.
 *
 * Functions that begin with shim_ are this library's own: for tests.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, FILE_NOT_FOUND = 301, NOT_FOUND = 500, ILLEGAL_ADDRESS = 700,
       LAUNCH_FAILED = 719 };
enum { GAP = 256, GAP_BYTE = 0xfe, NEW_BYTE = 0xff };
static const size_t RESERVED = (size_t)1 << 36, PAGE = 4096; /* addresses; memory is taken when it is touched */

typedef void Run(void *kernel, const unsigned grid[3], const unsigned block[3], void **arguments, unsigned seed,
                 char *message, size_t message_size);
struct Function {
    void *kernel;
    Run *run;
    size_t shared_bytes;
};

static char *arena, message[512];
static size_t top, total = (size_t)1 << 30, used; /* of the arena: how far it is in use; of the device, in bytes */
static unsigned seed;

struct Piece { /* of memory: [start, start + bytes), then a gap */
    size_t start, bytes, room;
    int taken;
};
static Piece *pieces;
static size_t piece_count, piece_room;

static void allow(int protection) {
    if (top) mprotect(arena, (top + PAGE - 1) / PAGE * PAGE, protection);
}
static void unlock() { allow(PROT_READ | PROT_WRITE); }
static void lock() { allow(PROT_NONE); }

extern "C" {

/* ---- for tests ---- */

void shim_set_order(unsigned order) { seed = order; }
void shim_set_memory(size_t bytes) { total = bytes; }

/* ---- the device ---- */

int cuInit(unsigned flags) {
    (void)flags;
    if (arena) return SUCCESS;
    void *found = mmap(NULL, RESERVED, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (found == MAP_FAILED) return OUT_OF_MEMORY;
    arena = (char *)found;
    return SUCCESS;
}
int cuDriverGetVersion(int *version) { return *version = 13000, SUCCESS; }
int cuDeviceGetCount(int *count) { return *count = 1, SUCCESS; }
int cuDeviceGet(int *device, int ordinal) { return *device = ordinal, ordinal == 0 ? SUCCESS : INVALID_VALUE; }
int cuDeviceGetName(char *name, int length, int device) {
    (void)device;
    snprintf(name, (size_t)length, "CPU (shim)");
    return SUCCESS;
}
int cuDeviceGetAttribute(int *value, int attribute, int device) {
    (void)device;
    *value = attribute == 75 ? 8 : 0; /* 8.0, of an A100 */
    return SUCCESS;
}
int cuDeviceTotalMem_v2(size_t *bytes, int device) { return (void)device, *bytes = total, SUCCESS; }
int cuDevicePrimaryCtxRetain(void **context, int device) { return (void)device, *context = arena, SUCCESS; }
int cuCtxSetCurrent(void *context) { return context ? SUCCESS : INVALID_VALUE; }
int cuStreamCreate(void **stream, unsigned flags) { return (void)flags, *stream = arena, SUCCESS; }
int cuStreamSynchronize(void *stream) { return (void)stream, SUCCESS; }
int cuGetErrorName(int error, const char **name) {
    *name = error == OUT_OF_MEMORY     ? "CUDA_ERROR_OUT_OF_MEMORY"
            : error == ILLEGAL_ADDRESS ? "CUDA_ERROR_ILLEGAL_ADDRESS"
            : error == LAUNCH_FAILED   ? "CUDA_ERROR_LAUNCH_FAILED"
            : error == NOT_FOUND       ? "CUDA_ERROR_NOT_FOUND"
            : error == FILE_NOT_FOUND  ? "CUDA_ERROR_FILE_NOT_FOUND"
                                       : "CUDA_ERROR_INVALID_VALUE";
    return SUCCESS;
}
int cuGetErrorString(int error, const char **text) {
    return (void)error, *text = message[0] ? message : "no more is known", SUCCESS;
}

/* ---- memory ---- */

int cuMemGetInfo_v2(size_t *free_bytes, size_t *all) { return *free_bytes = total - used, *all = total, SUCCESS; }

int cuMemAlloc_v2(uint64_t *address, size_t bytes) {
    if (!bytes) return INVALID_VALUE;
    if (used + bytes > total) return OUT_OF_MEMORY;
    Piece *found = NULL;
    const size_t room = (bytes + 255) / 256 * 256;
    for (size_t i = 0; i < piece_count && !found; i++)
        if (!pieces[i].taken && pieces[i].room == room) found = &pieces[i];
    if (!found) {
        if (top + room + 2 * GAP > RESERVED) return OUT_OF_MEMORY;
        if (piece_count == piece_room)
            pieces = (Piece *)realloc(pieces, (piece_room = 2 * piece_room + 64) * sizeof *pieces);
        found = &pieces[piece_count++];
        found->start = top + GAP;
        found->room = room;
        top = found->start + room;
    }
    found->bytes = bytes;
    found->taken = 1;
    used += bytes;
    unlock();
    memset(arena + found->start - GAP, GAP_BYTE, GAP);
    memset(arena + found->start, NEW_BYTE, bytes);
    memset(arena + found->start + bytes, GAP_BYTE, room - bytes);
    lock();
    *address = (uint64_t)(uintptr_t)(arena + found->start);
    return SUCCESS;
}

int cuMemFree_v2(uint64_t address) {
    for (size_t i = 0; i < piece_count; i++)
        if (pieces[i].taken && (uint64_t)(uintptr_t)(arena + pieces[i].start) == address) {
            pieces[i].taken = 0;
            used -= pieces[i].bytes;
            return SUCCESS;
        }
    return INVALID_VALUE;
}

/* Whether nobody has written between the arrays; mends it where somebody has. Memory must be unlocked. */
static int gaps_were_whole() {
    int whole = 1;
    for (size_t i = 0; i < piece_count; i++) {
        if (!pieces[i].taken) continue;
        char *start = arena + pieces[i].start, *behind = start + pieces[i].bytes, *end = start + pieces[i].room;
        for (char *at = start - GAP; at < end; at = at + 1 == start ? behind : at + 1) {
            if ((unsigned char)*at != GAP_BYTE) whole = 0;
            *at = (char)GAP_BYTE;
        }
    }
    return whole;
}

static int copy(void *to, const void *from, size_t bytes) {
    unlock();
    memcpy(to, from, bytes);
    lock();
    return SUCCESS;
}
int cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t bytes, void *stream) {
    return (void)stream, copy((void *)(uintptr_t)to, from, bytes);
}
int cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t bytes, void *stream) {
    return (void)stream, copy(to, (const void *)(uintptr_t)from, bytes);
}

/* ---- modules and kernels ---- */

int cuModuleLoad(void **module, const char *path) {
    *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!*module) snprintf(message, sizeof message, "%s", dlerror());
    return *module ? SUCCESS : FILE_NOT_FOUND;
}

int cuModuleGetFunction(void **function, void *module, const char *name) {
    void *(*find)(const char *) = (void *(*)(const char *))dlsym(module, "shim_find");
    size_t (*shared_bytes)() = (size_t(*)())dlsym(module, "shim_shared_bytes");
    void *kernel = find ? find(name) : NULL;
    if (!kernel || !shared_bytes) return NOT_FOUND;
    Function *made = (Function *)malloc(sizeof *made);
    made->kernel = kernel;
    made->run = (Run *)dlsym(module, "shim_run");
    made->shared_bytes = shared_bytes();
    *function = made;
    return SUCCESS;
}

int cuLaunchKernel(void *function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                   unsigned block_y, unsigned block_z, unsigned dynamic_bytes, void *stream, void **arguments,
                   void **extra) {
    (void)stream, (void)extra;
    const unsigned grid[3] = {grid_x, grid_y, grid_z}, block[3] = {block_x, block_y, block_z};
    const uint64_t threads = (uint64_t)block_x * block_y * block_z;
    message[0] = 0;
    if (!threads || threads > 1024 || block_z > 64 || !grid_x || grid_x > 0x7fffffff || !grid_y || grid_y > 65535 ||
        !grid_z || grid_z > 65535 || dynamic_bytes) {
        snprintf(message, sizeof message, "a grid of (%u, %u, %u) blocks of (%u, %u, %u) threads cannot be launched",
                 grid_x, grid_y, grid_z, block_x, block_y, block_z);
        return INVALID_VALUE;
    }
    Function *kernel = (Function *)function;
    unlock();
    kernel->run(kernel->kernel, grid, block, arguments, seed, message, sizeof message);
    const int whole = gaps_were_whole();
    lock();
    if (message[0]) return LAUNCH_FAILED;
    if (!whole) snprintf(message, sizeof message, "a kernel has written outside of every array");
    return whole ? SUCCESS : ILLEGAL_ADDRESS;
}

} // extern "C"
