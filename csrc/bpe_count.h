/* bpe_count.h: a table of chunks and how often each occurs, see bpe_count.c. All zeros is an empty table. */
#ifndef MINIRL_BPE_COUNT_H
#define MINIRL_BPE_COUNT_H

#include "bpe.h"

typedef struct {
    chunk_key key;
    int64_t count; /* 0: this slot is free */
} counted_chunk;

typedef struct {
    counted_chunk *slots; /* open addressing, a power of two of them */
    int64_t capacity, used;
    uint8_t *store; /* the bytes of chunks too long to pack */
    int64_t store_used, store_capacity;
} chunk_table;

/* These return 0, or -1 when there is no memory left. */
int bpe_count_pieces(chunk_table *tables, int threads, int splitter, const uint8_t *text, int64_t pieces,
                     const int64_t *offsets);
int bpe_add_table(chunk_table *into, const chunk_table *from);

const uint8_t *bpe_chunk_bytes(const chunk_table *table, const counted_chunk *chunk, int64_t *n);
void bpe_free_table(chunk_table *table);

#endif
