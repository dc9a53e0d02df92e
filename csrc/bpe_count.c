/* bpe_count.c: how often does each chunk occur in the text?
 *
 * Training never looks at the text again after this: "the" may occur a million times, its merges are worked out once.
 * Every thread counts its pieces in a table of its own, and the tables are added at the end. Sums do not depend on
 * order, so neither the number of threads nor the order of the texts can change what is learned.
 */
#include "bpe.h"
#include "bpe_count.h"
#include "parallel.h"

/* A chunk too long to pack: low is its hash, and high is LONG and the place of {length, bytes} in the table's store. */
#define LONG (0xffULL << 56)

static int store_long(chunk_table *table, const uint8_t *p, int64_t n, uint64_t *place) {
    int64_t needed = table->store_used + (int64_t)sizeof n + n;
    if (needed > table->store_capacity) {
        int64_t capacity = needed * 2;
        uint8_t *store = realloc(table->store, capacity);
        if (!store) return -1;
        table->store = store, table->store_capacity = capacity;
    }
    memcpy(table->store + table->store_used, &n, sizeof n);
    memcpy(table->store + table->store_used + sizeof n, p, n);
    *place = table->store_used;
    table->store_used = needed;
    return 0;
}

const uint8_t *bpe_chunk_bytes(const chunk_table *table, const counted_chunk *chunk, int64_t *n) {
    if (chunk->key.high < LONG) {
        *n = chunk->key.high >> 56;
        return (const uint8_t *)&chunk->key;
    }
    const uint8_t *stored = table->store + (chunk->key.high & ~LONG);
    memcpy(n, stored, sizeof *n);
    return stored + sizeof *n;
}

/* Room for n more chunks with at most two slots in three taken. */
static int reserve(chunk_table *table, int64_t n) {
    if ((table->used + n) * 3 <= table->capacity * 2) return 0;
    chunk_table bigger = *table;
    while ((table->used + n) * 3 > bigger.capacity * 2) bigger.capacity = bigger.capacity ? bigger.capacity * 2 : 1024;
    bigger.slots = calloc(bigger.capacity, sizeof *bigger.slots);
    if (!bigger.slots) return -1;
    for (int64_t i = 0; i < table->capacity; i++) {
        counted_chunk *chunk = &table->slots[i];
        if (!chunk->count) continue;
        uint64_t slot = (chunk->key.high < LONG ? hash_key(chunk->key) : chunk->key.low) & (bigger.capacity - 1);
        while (bigger.slots[slot].count) slot = (slot + 1) & (bigger.capacity - 1);
        bigger.slots[slot] = *chunk;
    }
    free(table->slots);
    *table = bigger;
    return 0;
}

/* Add `count` occurrences of the n bytes at p; key is packed when n <= PACKED_BYTES. Room has been reserved. */
static int add_chunk(chunk_table *table, chunk_key key, uint64_t hash, const uint8_t *p, int64_t n, int64_t count) {
    uint64_t mask = table->capacity - 1, slot = hash & mask;
    for (; table->slots[slot].count; slot = (slot + 1) & mask) {
        counted_chunk *chunk = &table->slots[slot];
        if (chunk->key.low != key.low) continue;
        if (n <= PACKED_BYTES) {
            if (chunk->key.high != key.high) continue;
        } else {
            int64_t length;
            if (chunk->key.high < LONG) continue;
            const uint8_t *bytes = bpe_chunk_bytes(table, chunk, &length);
            if (length != n || memcmp(bytes, p, n)) continue;
        }
        chunk->count += count;
        return 0;
    }
    if (n > PACKED_BYTES) {
        uint64_t place;
        if (store_long(table, p, n, &place)) return -1;
        key.high = LONG | place;
    }
    table->slots[slot] = (counted_chunk){key, count};
    table->used++;
    return 0;
}

static uint64_t key_and_hash(const uint8_t *p, int64_t n, int64_t readable, chunk_key *key) {
    if (n <= PACKED_BYTES) return hash_key(*key = pack_chunk(p, n, readable));
    uint64_t hash = hash_bytes(p, n);
    *key = (chunk_key){hash, LONG};
    return hash;
}

static int count_piece(chunk_table *table, int splitter, const uint8_t *text, int64_t start, int64_t end) {
    int64_t ends[CHUNKS_AT_A_TIME];
    uint64_t hashes[CHUNKS_AT_A_TIME];
    chunk_key keys[CHUNKS_AT_A_TIME];
    while (start < end) {
        int64_t n = bpe_split(splitter, text, start, end, CHUNKS_AT_A_TIME, ends);
        if (reserve(table, n)) return -1;
        int64_t at = start;
        for (int64_t i = 0; i < n; at = ends[i++]) { /* ask for all slots first, so that memory answers meanwhile */
            hashes[i] = key_and_hash(text + at, ends[i] - at, end - at, &keys[i]);
            __builtin_prefetch(&table->slots[hashes[i] & (table->capacity - 1)]);
        }
        for (int64_t i = 0; i < n; start = ends[i++])
            if (add_chunk(table, keys[i], hashes[i], text + start, ends[i] - start, 1)) return -1;
    }
    return 0;
}

int bpe_count_pieces(chunk_table *tables, int threads, int splitter, const uint8_t *text, int64_t pieces,
                     const int64_t *offsets) {
    int failed = 0;
    int64_t next = 0;
    threads = threads_usable(threads);
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
        int thread = 0;
#ifdef _OPENMP
        thread = omp_get_thread_num();
#endif
        chunk_table table = tables[thread]; /* a copy: side by side, the threads' tables would share cache lines */
        for (;;) {
            int64_t piece;
#pragma omp atomic capture
            piece = next++;
            if (piece >= pieces) break;
            if (count_piece(&table, splitter, text, offsets[piece], offsets[piece + 1])) {
#pragma omp atomic write
                failed = 1;
            }
        }
        tables[thread] = table;
    }
    return failed ? -1 : 0;
}

int bpe_add_table(chunk_table *into, const chunk_table *from) {
    if (reserve(into, from->used)) return -1;
    for (int64_t i = 0; i < from->capacity; i++) {
        const counted_chunk *chunk = &from->slots[i];
        if (!chunk->count) continue;
        int64_t n;
        const uint8_t *bytes = bpe_chunk_bytes(from, chunk, &n);
        chunk_key key = chunk->key;
        uint64_t hash = n <= PACKED_BYTES ? hash_key(key) : key.low;
        if (add_chunk(into, key, hash, bytes, n, chunk->count)) return -1;
    }
    return 0;
}

void bpe_free_table(chunk_table *table) {
    free(table->slots);
    free(table->store);
    *table = (chunk_table){0};
}
