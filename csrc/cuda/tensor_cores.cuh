/* tensor_cores.cuh: the instructions of a GPU's matrix units, and the numbers that they multiply: bfloat16 and TF32.
 *
 * A warp multiplies as one: a 16 x 16 piece of A with a 16 x 8 piece of B, both in bfloat16, into a 16 x 8 piece of C in
 * float32. The numbers of a piece are spread over the registers of its 32 lanes in a fixed pattern, which `load_matrices`
 * brings about (PTX ISA, "Matrix fragments for mma.m16n8k16"). In TF32, pieces are 16 x 8 and 8 x 8.
 */
#ifndef MINIRL_TENSOR_CORES_CUH
#define MINIRL_TENSOR_CORES_CUH

#include "device.cuh"

/* x rounded to the nearest bfloat16, ties to even, as its 16 bits; a NaN stays one. */
__device__ __forceinline__ unsigned bf16_bits(float x) {
    const unsigned bits = __float_as_uint(x);
    return (x != x ? bits | 0x400000u : bits + (0x7fffu + (bits >> 16 & 1u))) >> 16;
}
__device__ __forceinline__ unsigned bf16_pair(float first, float second) {
    return bf16_bits(first) | bf16_bits(second) << 16;
}
__device__ __forceinline__ float bf16_value(unsigned bits) { return __uint_as_float(bits << 16); }

/* x rounded to the nearest TF32, a float32 with 10 bits after the point, ties away from zero; a NaN stays one. */
__device__ __forceinline__ unsigned tf32_bits(float x) {
    const unsigned bits = __float_as_uint(x);
    return (x != x ? bits | 0x400000u : bits + 0x1000u) & 0xffffe000u;
}

/* c += A B for one piece. */
__device__ __forceinline__ void multiply_pieces(float c[4], const unsigned a[4], const unsigned b[2]) {
#ifdef MINIRL_SHIM
    shim::multiply(shim::mma_bf16, c, a, b);
#else
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
                 "{%0, %1, %2, %3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

/* The same in TF32: 16 x 8 numbers of A, 8 x 8 of B. Lane 4 g + t holds rows g and g + 8 of columns t and t + 4 of A, in the
 * order (g, t), (g + 8, t), (g, t + 4), (g + 8, t + 4), and rows t and t + 4 of column g of B. */
__device__ __forceinline__ void multiply_tf32_pieces(float c[4], const unsigned a[4], const unsigned b[2]) {
#ifdef MINIRL_SHIM
    shim::multiply(shim::mma_tf32, c, a, b);
#else
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
                 "{%0, %1, %2, %3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

/* Four matrices of 8 x 8 numbers from shared memory. Lane 8 j + i points at row i of matrix j; word j of the result holds
 * this lane's part of matrix j. */
__device__ __forceinline__ void load_matrices(unsigned words[4], const unsigned short *row) {
#ifdef MINIRL_SHIM
    shim::load(shim::load_matrices, words, row);
#else
    const unsigned address = (unsigned)__cvta_generic_to_shared(row);
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3])
                 : "r"(address)
                 : "memory");
#endif
}

#endif
