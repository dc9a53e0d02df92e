/* isa.h: what "compiled once per instruction set" means for a kernel source file.
 *
 * The build compiles each kernel file several times, with other compiler flags and another MINIRL_ISA:
 *
 *     MINIRL_ISA   flags (x86-64)                    vector
 *     portable     none: SSE2; on arm64: NEON        16 bytes
 *     avx2         -mavx2 -mfma                      32 bytes
 *     avx512       -mavx512f -mavx512bw -mavx512dq   64 bytes
 *                  -mavx512vl
 *     avx512bf16   the same, -mavx512vnni and        64 bytes
 *                  -mavx512bf16
 *     amx          the same, -mamx-tile and          64 bytes, and tiles for products in bfloat16 (tiles.h)
 *                  -mamx-bf16
 *     amxshim      those of avx2; for tests alone    32 bytes, and tiles in plain C
 *
 * The generated kernel_names.h renames kernel_x to kernel_x_<MINIRL_ISA>, so that all copies live in one library;
 * the generated dispatch.c holds the plain kernel_x, which calls the copy that minirl_isa_use chose.
 */
#ifndef MINIRL_ISA_H
#define MINIRL_ISA_H

#include "kernel_names.h"
#include "minirl.h"

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX2__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif

#endif
