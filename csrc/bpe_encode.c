/* bpe_encode.c: text -> token ids. The same ids as the page of Python in minirl/tokenizer/bpe.py.
 *
 * The rule: within each chunk, join the two neighbours whose merge was learned first, the leftmost when it stands there
 * twice, until no two neighbours have a merge. What makes it fast:
 *
 *   1. Text repeats itself. A cache keeps the ids of chunks met before; nearly every chunk is answered from it.
 *   2. Merges are found in one hash table keyed by the two ids.
 *   3. A short chunk keeps the rank of every neighbouring pair in an array and scans it; a long one keeps them in a heap,
 *      so that a megabyte of one letter takes n log n steps, not n squared.
 *   4. Pieces of text are shared out among threads, each with a cache of its own.
 */
#include "bpe.h"
#include "parallel.h"
#include <stdatomic.h>

enum {
    CACHED_IDS = 3,       /* longest result kept in the cache: the entry fills half a cache line */
    CACHE_LINES = 1 << 14, /* 1 MB a cache */
    MAX_CACHES = 64,
    SCANNED = 48 /* longest chunk, in bytes, whose pairs are scanned rather than kept in a heap */
};

typedef struct {
    chunk_key key; /* zeros: empty */
    int32_t n, ids[CACHED_IDS];
} cached;

typedef struct {
    int32_t left, right, rank, result; /* left -1: free */
} merge;

typedef struct {
    int32_t rank, result;
} joined;

struct bpe_encoder {
    int32_t byte_ids[256];
    merge *merges; /* open addressing */
    uint64_t merge_mask;
    joined *byte_pairs; /* the merges of two bytes, [first][second]: the pairs that every new chunk asks for */
    int whole_chunks;
    uint8_t *bytes; /* with whole_chunks: the tokens, and open addressing into them; -1 is free */
    int64_t *starts;
    int32_t *tokens;
    uint64_t token_mask;
    cached *caches[MAX_CACHES];
    atomic_flag busy[MAX_CACHES];
};

static const int32_t NO_MERGE = INT32_MAX;

static inline uint64_t hash_pair(int32_t left, int32_t right) {
    return mix((uint64_t)left << 32 | (uint32_t)right, 0x9e3779b97f4a7c15ULL);
}

static inline joined find_merge(const bpe_encoder *e, int32_t left, int32_t right) {
    for (uint64_t slot = hash_pair(left, right);; slot++) {
        const merge *m = &e->merges[slot & e->merge_mask];
        if (m->left == left && m->right == right) return (joined){m->rank, m->result};
        if (m->left < 0) return (joined){NO_MERGE, 0};
    }
}

static uint64_t table_size(int64_t n) {
    uint64_t size = 16;
    while (size < 2 * (uint64_t)n) size *= 2;
    return size;
}

static int32_t find_token(const bpe_encoder *e, const uint8_t *p, int64_t n) {
    for (uint64_t slot = hash_bytes(p, n);; slot++) {
        int32_t token = e->tokens[slot & e->token_mask];
        if (token < 0) return -1;
        if (e->starts[token + 1] - e->starts[token] == n && !memcmp(e->bytes + e->starts[token], p, n)) return token;
    }
}

static int index_tokens(bpe_encoder *e, int64_t n, const uint8_t *bytes, const int64_t *starts) {
    uint64_t size = table_size(n);
    e->token_mask = size - 1;
    e->bytes = malloc(starts[n] + 1);
    e->starts = malloc((n + 1) * sizeof *e->starts);
    e->tokens = malloc(size * sizeof *e->tokens);
    if (!e->bytes || !e->starts || !e->tokens) return -1;
    memcpy(e->bytes, bytes, starts[n]);
    memcpy(e->starts, starts, (n + 1) * sizeof *starts);
    memset(e->tokens, 0xff, size * sizeof *e->tokens);
    for (int64_t i = 0; i < n; i++) {
        int64_t length = starts[i + 1] - starts[i];
        if (!length || find_token(e, bytes + starts[i], length) >= 0) continue;
        uint64_t slot = hash_bytes(bytes + starts[i], length);
        while (e->tokens[slot & e->token_mask] >= 0) slot++;
        e->tokens[slot & e->token_mask] = i;
    }
    return 0;
}

bpe_encoder *bpe_encoder_new(int64_t tokens, const uint8_t *bytes, const int64_t *starts, const int32_t *byte_ids,
                             int64_t merges, const int32_t *left, const int32_t *right, const int32_t *result,
                             int whole_chunks) {
    bpe_encoder *e = calloc(1, sizeof *e);
    if (!e) return NULL;
    for (int i = 0; i < MAX_CACHES; i++) atomic_flag_clear(&e->busy[i]);
    memcpy(e->byte_ids, byte_ids, sizeof e->byte_ids);
    uint64_t size = table_size(merges);
    e->merge_mask = size - 1;
    e->merges = malloc(size * sizeof *e->merges);
    e->byte_pairs = malloc(65536 * sizeof *e->byte_pairs);
    e->whole_chunks = whole_chunks;
    if (!e->merges || !e->byte_pairs || (whole_chunks && index_tokens(e, tokens, bytes, starts))) {
        bpe_encoder_free(e);
        return NULL;
    }
    memset(e->merges, 0xff, size * sizeof *e->merges);
    for (int64_t i = 0; i < merges; i++) {
        uint64_t slot = hash_pair(left[i], right[i]);
        while (e->merges[slot & e->merge_mask].left >= 0) slot++;
        e->merges[slot & e->merge_mask] = (merge){left[i], right[i], i, result[i]};
    }
    for (int i = 0; i < 65536; i++) e->byte_pairs[i] = find_merge(e, byte_ids[i >> 8], byte_ids[i & 255]);
    return e;
}

void bpe_encoder_free(bpe_encoder *e) {
    if (!e) return;
    for (int i = 0; i < MAX_CACHES; i++) free(e->caches[i]);
    void *all[] = {e->merges, e->byte_pairs, e->bytes, e->starts, e->tokens, e};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

/* ---- one chunk ---- */

static int64_t merge_short(const bpe_encoder *e, const uint8_t *p, int64_t n, int32_t *ids) {
    int32_t tokens[SCANNED];
    joined with_next[SCANNED];
    for (int64_t i = 0; i < n; i++) {
        tokens[i] = e->byte_ids[p[i]];
        if (i + 1 < n) with_next[i] = e->byte_pairs[p[i] << 8 | p[i + 1]];
    }
    while (n > 1) {
        int64_t best = 0;
        for (int64_t i = 1; i < n - 1; i++)
            if (with_next[i].rank < with_next[best].rank) best = i;
        if (with_next[best].rank == NO_MERGE) break;
        tokens[best] = with_next[best].result;
        n--;
        memmove(tokens + best + 1, tokens + best + 2, (n - best - 1) * sizeof *tokens);
        if (best + 1 < n) {
            memmove(with_next + best + 1, with_next + best + 2, (n - best - 2) * sizeof *with_next);
            with_next[best] = find_merge(e, tokens[best], tokens[best + 1]);
        }
        if (best > 0) with_next[best - 1] = find_merge(e, tokens[best - 1], tokens[best]);
    }
    memcpy(ids, tokens, n * sizeof *ids);
    return n;
}

typedef struct {
    int32_t token;
    int64_t before, after; /* the tokens beside it; after is -1 at the end */
} link;

typedef struct {
    int32_t rank;
    int32_t result, left, right; /* left and right: to see whether the entry is out of date */
    int64_t at;
} candidate;

static int earlier(const candidate *x, const candidate *y) {
    return x->rank != y->rank ? x->rank < y->rank : x->at < y->at;
}

static void sift_down(candidate *heap, int64_t size, int64_t i) {
    candidate entry = heap[i];
    for (;;) {
        int64_t child = 2 * i + 1;
        if (child >= size) break;
        if (child + 1 < size && earlier(&heap[child + 1], &heap[child])) child++;
        if (!earlier(&heap[child], &entry)) break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = entry;
}

static int64_t push(candidate *heap, int64_t size, candidate entry) {
    int64_t i = size;
    for (; i > 0 && earlier(&entry, &heap[(i - 1) / 2]); i = (i - 1) / 2) heap[i] = heap[(i - 1) / 2];
    heap[i] = entry;
    return size + 1;
}

static int64_t merge_long(const bpe_encoder *e, const uint8_t *p, int64_t n, int32_t *ids) {
    link *links = malloc(n * sizeof *links);
    candidate *heap = malloc(3 * n * sizeof *heap); /* n - 1 at first, and at most two for each of n - 1 merges */
    if (!links || !heap) {
        free(links);
        free(heap);
        return -1;
    }
    int64_t size = 0;
    for (int64_t i = 0; i < n; i++) {
        links[i] = (link){e->byte_ids[p[i]], i - 1, i + 1 < n ? i + 1 : -1};
        if (i + 1 == n) continue;
        joined m = e->byte_pairs[p[i] << 8 | p[i + 1]];
        if (m.rank != NO_MERGE)
            heap[size++] = (candidate){m.rank, m.result, e->byte_ids[p[i]], e->byte_ids[p[i + 1]], i};
    }
    for (int64_t i = size / 2 - 1; i >= 0; i--) sift_down(heap, size, i);
    while (size) {
        candidate top = heap[0];
        heap[0] = heap[--size];
        if (size) sift_down(heap, size, 0);
        int64_t at = top.at, next = links[at].after;
        if (links[at].token != top.left || next < 0 || links[next].token != top.right) continue;
        int64_t before = links[at].before, after = links[next].after;
        links[at].token = top.result;
        links[at].after = after;
        links[next].token = -1;
        if (after >= 0) {
            links[after].before = at;
            joined m = find_merge(e, top.result, links[after].token);
            if (m.rank != NO_MERGE)
                size = push(heap, size, (candidate){m.rank, m.result, top.result, links[after].token, at});
        }
        if (before >= 0) {
            joined m = find_merge(e, links[before].token, top.result);
            if (m.rank != NO_MERGE)
                size = push(heap, size, (candidate){m.rank, m.result, links[before].token, top.result, before});
        }
    }
    int64_t n_ids = 0;
    for (int64_t i = 0; i >= 0; i = links[i].after) ids[n_ids++] = links[i].token;
    free(links);
    free(heap);
    return n_ids;
}

static int64_t encode_chunk(const bpe_encoder *e, const uint8_t *p, int64_t n, int32_t *ids) {
    if (e->whole_chunks && (ids[0] = find_token(e, p, n)) >= 0) return 1;
    return n <= SCANNED ? merge_short(e, p, n, ids) : merge_long(e, p, n, ids);
}

/* ---- pieces of text ---- */

/* Two entries a line: the one used last in front, the other makes way. */
static inline cached *look_up(cached *cache, chunk_key key, uint64_t hash) {
    cached *line = cache + 2 * (hash & (CACHE_LINES - 1));
    if (line[0].key.low == key.low && line[0].key.high == key.high) return line;
    if (line[1].key.low == key.low && line[1].key.high == key.high) return line + 1;
    return NULL;
}

static int64_t encode_piece(const bpe_encoder *e, cached *cache, int splitter, const uint8_t *text, int64_t start,
                            int64_t end, int32_t *ids) {
    int64_t ends[CHUNKS_AT_A_TIME], n_ids = 0;
    uint64_t hashes[CHUNKS_AT_A_TIME];
    chunk_key keys[CHUNKS_AT_A_TIME];
    while (start < end) {
        int64_t n = bpe_split(splitter, text, start, end, CHUNKS_AT_A_TIME, ends), at = start;
        for (int64_t i = 0; i < n && cache; at = ends[i++]) {
            if (ends[i] - at > PACKED_BYTES) continue;
            keys[i] = pack_chunk(text + at, ends[i] - at, end - at);
            hashes[i] = hash_key(keys[i]);
            __builtin_prefetch(cache + 2 * (hashes[i] & (CACHE_LINES - 1)));
        }
        for (int64_t i = 0; i < n; start = ends[i++]) {
            int64_t length = ends[i] - start, found;
            int cacheable = cache && length <= PACKED_BYTES;
            if (cacheable) {
                cached *entry = look_up(cache, keys[i], hashes[i]);
                if (entry) {
                    memcpy(ids + n_ids, entry->ids, sizeof *ids * (found = entry->n));
                    n_ids += found;
                    continue;
                }
            }
            found = encode_chunk(e, text + start, length, ids + n_ids);
            if (found < 0) return -1;
            if (cacheable && found <= CACHED_IDS) {
                cached *line = cache + 2 * (hashes[i] & (CACHE_LINES - 1));
                line[1] = line[0];
                line[0].key = keys[i];
                line[0].n = found;
                memcpy(line[0].ids, ids + n_ids, sizeof *ids * found);
            }
            n_ids += found;
        }
    }
    return n_ids;
}

/* Take a cache that no other thread uses; NULL, and so none, when all are taken or there is no memory for one more. */
static cached *take_cache(bpe_encoder *e, int *number) {
    for (*number = 0; *number < MAX_CACHES; ++*number) {
        if (atomic_flag_test_and_set_explicit(&e->busy[*number], memory_order_acquire)) continue;
        if (!e->caches[*number]) e->caches[*number] = calloc(2 * CACHE_LINES, sizeof(cached));
        return e->caches[*number];
    }
    return NULL;
}

static void give_back_cache(bpe_encoder *e, int number) {
    if (number < MAX_CACHES) atomic_flag_clear_explicit(&e->busy[number], memory_order_release);
}

int64_t bpe_encode(bpe_encoder *e, int splitter, const uint8_t *text, int64_t pieces, const int64_t *offsets,
                   int threads, int32_t *ids, int64_t *counts) {
    int failed = 0;
    int64_t next = 0;
    (void)threads;
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
        int number;
        cached *cache = take_cache(e, &number);
        int64_t piece;
        for (;;) {
#pragma omp atomic capture
            piece = next++;
            if (piece >= pieces) break;
            int64_t start = offsets[piece], end = offsets[piece + 1];
            counts[piece] = encode_piece(e, cache, splitter, text, start, end, ids + start);
            if (counts[piece] < 0) {
#pragma omp atomic write
                failed = 1;
            }
        }
        give_back_cache(e, number);
    }
    if (failed) return -1;
    int64_t n_ids = 0;
    for (int64_t i = 0; i < pieces; n_ids += counts[i++]) /* a piece of n bytes has at most n ids: close the gaps */
        if (n_ids != offsets[i]) memmove(ids + n_ids, ids + offsets[i], counts[i] * sizeof *ids);
    return n_ids;
}
