/* bpe_encode.c: text -> token ids. The same ids as the page of Python in minirl/tokenizer/bpe.py.
 *
 * The rule: within each chunk, join the two neighbours whose merge was learned first, the leftmost when it stands there
 * twice, until no two neighbours have a merge. What makes it fast:
 *
 *   1. Most chunks of a text (95 % with 32,768 tokens) are a token as they stand. A table of the tokens knows those,
 *      once it has been checked for each token that the merges do lead to it.
 *   2. Text repeats itself: a cache keeps the ids of other chunks met before.
 *   3. Merges are found in one hash table keyed by the two ids. A short chunk keeps the rank of every neighbouring
 *      pair in an array and scans it; a long one keeps them in a heap, so that a megabyte of one letter takes n log n
 *      steps.
 *   4. Pieces of text are shared out among threads, each with a cache of its own.
 */
#include "bpe.h"
#include "parallel.h"
#include <stdatomic.h>

enum {
    CACHED_IDS = 3,       /* longest result kept in the cache: the entry fills half a cache line */
    CACHE_LINES = 1 << 16, /* 4 MB a cache, of which the pages touched count */
    MAX_CACHES = 64,
    TASK_BYTES = 1 << 16, /* what a thread takes at a time: the pieces that begin in so many bytes */
    SCANNED = 48 /* longest chunk, in bytes, whose pairs are scanned rather than kept in a heap */
};

typedef struct {
    chunk_key key; /* zeros: empty */
    int32_t n, ids[CACHED_IDS];
} cached;

/* A merge in one word: left and right of 20 bits each, rank of 24. Ids and ranks are checked to fit. */
typedef uint64_t merge;
enum { ID_BITS = 20, RANK_BITS = 24, NO_MERGE = (1 << RANK_BITS) - 1 };
static const merge FREE = ~0ULL;

/* A chunk that is one token. One too long to pack has its hash in key.low and LONG in key.high. */
typedef struct {
    chunk_key key;
    int64_t token; /* -1: free */
} whole;

struct bpe_encoder {
    int32_t byte_ids[256];
    merge *merges; /* open addressing */
    uint64_t merge_mask;
    int32_t *results;    /* by rank */
    int32_t *byte_ranks; /* ranks of the merges of two bytes, [first][second]: what every new chunk asks for first */
    whole *tokens; /* open addressing */
    uint64_t token_mask;
    uint8_t *bytes; /* token i is bytes[starts[i]] to bytes[starts[i + 1]]: to compare the long ones */
    int64_t *starts;
    cached *caches[MAX_CACHES];
    atomic_flag busy[MAX_CACHES];
};

static const uint64_t LONG = 0xffULL << 56;

static inline merge pair_of(int32_t left, int32_t right) { return (merge)left << ID_BITS | (merge)right; }

/* The rank of the merge of two tokens, NO_MERGE when there is none. */
static inline int32_t find_merge(const bpe_encoder *e, int32_t left, int32_t right) {
    merge pair = pair_of(left, right);
    for (uint64_t slot = mix(pair, 0x9e3779b97f4a7c15ULL);; slot++) {
        merge m = e->merges[slot & e->merge_mask];
        if (m >> RANK_BITS == pair || m == FREE) return m & NO_MERGE;
    }
}

static uint64_t table_size(int64_t n) {
    uint64_t size = 16;
    while (size < 2 * (uint64_t)n) size *= 2;
    return size;
}

static inline chunk_key key_and_hash(const uint8_t *p, int64_t n, int64_t readable, uint64_t *hash) {
    chunk_key key;
    if (n <= PACKED_BYTES) {
        key = pack_chunk(p, n, readable);
        *hash = hash_key(key);
    } else {
        *hash = hash_bytes(p, n);
        key = (chunk_key){*hash, LONG};
    }
    return key;
}

/* The token whose bytes are the n at p, or -1. */
static inline int64_t find_token(const bpe_encoder *e, chunk_key key, uint64_t hash, const uint8_t *p, int64_t n) {
    for (uint64_t slot = hash;; slot++) {
        const whole *w = &e->tokens[slot & e->token_mask];
        if (w->key.low == key.low && w->key.high == key.high && w->token >= 0) {
            if (n <= PACKED_BYTES) return w->token;
            int64_t start = e->starts[w->token];
            if (e->starts[w->token + 1] - start == n && !memcmp(e->bytes + start, p, n)) return w->token;
        }
        if (w->token < 0) return -1;
    }
}

/* ---- one chunk ---- */

/* Look for the lowest rank, join, close the gap; again until no pair has a merge. */
static int64_t merge_short(const bpe_encoder *e, const uint8_t *p, int64_t n, int32_t *ids) {
    int32_t tokens[SCANNED], ranks[SCANNED]; /* ranks[i]: of tokens[i] with tokens[i + 1] */
    for (int64_t i = 0; i < n; i++) {
        tokens[i] = e->byte_ids[p[i]];
        ranks[i] = i + 1 < n ? e->byte_ranks[p[i] << 8 | p[i + 1]] : NO_MERGE;
    }
    while (n > 1) {
        int64_t best = 0;
        int32_t lowest = ranks[0];
        for (int64_t i = 1; i < n - 1; i++) {
            int lower = ranks[i] < lowest; /* the leftmost of equals stays */
            lowest = lower ? ranks[i] : lowest;
            best = lower ? i : best;
        }
        if (lowest == NO_MERGE) break;
        n--;
        tokens[best] = e->results[lowest];
        for (int64_t i = best + 1; i < n; i++) tokens[i] = tokens[i + 1], ranks[i] = ranks[i + 1];
        if (best + 1 < n) ranks[best] = find_merge(e, tokens[best], tokens[best + 1]);
        if (best > 0) ranks[best - 1] = find_merge(e, tokens[best - 1], tokens[best]);
    }
    memcpy(ids, tokens, n * sizeof *ids);
    return n;
}

typedef struct {
    int32_t token;
    int64_t before, after; /* the tokens beside it; after is -1 at the end */
} link;

typedef struct {
    int32_t rank, left, right; /* left and right: to see whether the entry is out of date */
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
        int32_t rank = e->byte_ranks[p[i] << 8 | p[i + 1]];
        if (rank != NO_MERGE) heap[size++] = (candidate){rank, e->byte_ids[p[i]], e->byte_ids[p[i + 1]], i};
    }
    for (int64_t i = size / 2 - 1; i >= 0; i--) sift_down(heap, size, i);
    while (size) {
        candidate top = heap[0];
        heap[0] = heap[--size];
        if (size) sift_down(heap, size, 0);
        int64_t at = top.at, next = links[at].after;
        if (links[at].token != top.left || next < 0 || links[next].token != top.right) continue;
        int64_t before = links[at].before, after = links[next].after;
        int32_t result = e->results[top.rank];
        links[at].token = result;
        links[at].after = after;
        links[next].token = -1;
        if (after >= 0) {
            links[after].before = at;
            int32_t rank = find_merge(e, result, links[after].token);
            if (rank != NO_MERGE) size = push(heap, size, (candidate){rank, result, links[after].token, at});
        }
        if (before >= 0) {
            int32_t rank = find_merge(e, links[before].token, result);
            if (rank != NO_MERGE) size = push(heap, size, (candidate){rank, links[before].token, result, before});
        }
    }
    int64_t n_ids = 0;
    for (int64_t i = 0; i >= 0; i = links[i].after) ids[n_ids++] = links[i].token;
    free(links);
    free(heap);
    return n_ids;
}

static int64_t merge_chunk(const bpe_encoder *e, const uint8_t *p, int64_t n, int32_t *ids) {
    return n <= SCANNED ? merge_short(e, p, n, ids) : merge_long(e, p, n, ids);
}

/* ---- the tables ---- */

/* Note the tokens that encode as themselves; all of them when whole_chunks says so. */
static int index_tokens(bpe_encoder *e, int64_t n, int whole_chunks) {
    uint64_t size = table_size(n), hash;
    int64_t longest = 1;
    for (int64_t i = 0; i < n; i++)
        if (e->starts[i + 1] - e->starts[i] > longest) longest = e->starts[i + 1] - e->starts[i];
    int32_t *ids = malloc(longest * sizeof *ids);
    e->token_mask = size - 1;
    e->tokens = malloc(size * sizeof *e->tokens);
    if (!ids || !e->tokens) {
        free(ids);
        return -1;
    }
    memset(e->tokens, 0xff, size * sizeof *e->tokens);
    for (int64_t i = 0; i < n; i++) {
        const uint8_t *p = e->bytes + e->starts[i];
        int64_t length = e->starts[i + 1] - e->starts[i];
        if (!length) continue;
        if (!whole_chunks) {
            int64_t n_ids = merge_chunk(e, p, length, ids);
            if (n_ids < 0) {
                free(ids);
                return -1;
            }
            if (n_ids != 1 || ids[0] != i) continue;
        }
        chunk_key key = key_and_hash(p, length, length, &hash);
        if (find_token(e, key, hash, p, length) >= 0) continue;
        while (e->tokens[hash & e->token_mask].token >= 0) hash++;
        e->tokens[hash & e->token_mask] = (whole){key, i};
    }
    free(ids);
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
    e->byte_ranks = malloc(65536 * sizeof *e->byte_ranks);
    e->results = malloc((merges + 1) * sizeof *e->results);
    e->bytes = malloc(starts[tokens] + 1);
    e->starts = malloc((tokens + 1) * sizeof *e->starts);
    if (!e->merges || !e->byte_ranks || !e->results || !e->bytes || !e->starts) {
        bpe_encoder_free(e);
        return NULL;
    }
    memcpy(e->bytes, bytes, starts[tokens]);
    memcpy(e->starts, starts, (tokens + 1) * sizeof *starts);
    memset(e->merges, 0xff, size * sizeof *e->merges);
    memcpy(e->results, result, merges * sizeof *result);
    for (int64_t i = 0; i < merges; i++) {
        merge pair = pair_of(left[i], right[i]);
        uint64_t slot = mix(pair, 0x9e3779b97f4a7c15ULL);
        while (e->merges[slot & e->merge_mask] != FREE) slot++;
        e->merges[slot & e->merge_mask] = pair << RANK_BITS | i;
    }
    for (int i = 0; i < 65536; i++) e->byte_ranks[i] = find_merge(e, byte_ids[i >> 8], byte_ids[i & 255]);
    if (index_tokens(e, tokens, whole_chunks)) {
        bpe_encoder_free(e);
        return NULL;
    }
    return e;
}

void bpe_encoder_free(bpe_encoder *e) {
    if (!e) return;
    for (int i = 0; i < MAX_CACHES; i++) free(e->caches[i]);
    void *all[] = {e->merges, e->byte_ranks, e->results, e->tokens, e->bytes, e->starts, e};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
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
    int32_t tokens[CHUNKS_AT_A_TIME];
    while (start < end) {
        int64_t n = bpe_split(splitter, text, start, end, CHUNKS_AT_A_TIME, ends), at = start;
        for (int64_t i = 0; i < n; at = ends[i++]) { /* ask for all slots first, so that memory answers meanwhile */
            keys[i] = key_and_hash(text + at, ends[i] - at, end - at, &hashes[i]);
            __builtin_prefetch(&e->tokens[hashes[i] & e->token_mask]);
        }
        at = start;
        for (int64_t i = 0; i < n; at = ends[i++]) {
            tokens[i] = find_token(e, keys[i], hashes[i], text + at, ends[i] - at);
            if (tokens[i] < 0 && cache) __builtin_prefetch(cache + 2 * (hashes[i] & (CACHE_LINES - 1)));
        }
        for (int64_t i = 0; i < n; start = ends[i++]) {
            if (tokens[i] >= 0) {
                ids[n_ids++] = tokens[i];
                continue;
            }
            const uint8_t *p = text + start;
            int64_t length = ends[i] - start, found;
            cached *entry = cache && length <= PACKED_BYTES ? look_up(cache, keys[i], hashes[i]) : NULL;
            if (entry) {
                memcpy(ids + n_ids, entry->ids, sizeof entry->ids); /* more than there are, but no more than bytes */
                n_ids += entry->n;
                continue;
            }
            found = merge_chunk(e, p, length, ids + n_ids);
            if (found < 0) return -1;
            if (cache && length <= PACKED_BYTES && length >= CACHED_IDS && found <= CACHED_IDS) {
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

/* The first of the pieces that begin at byte `at` or later. */
static int64_t first_piece(int64_t pieces, const int64_t *offsets, int64_t at) {
    int64_t low = 0, high = pieces;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (offsets[middle] < at) low = middle + 1;
        else high = middle;
    }
    return low;
}

int64_t bpe_encode(bpe_encoder *e, int splitter, const uint8_t *text, int64_t pieces, const int64_t *offsets,
                   int threads, int32_t *ids, int64_t *counts) {
    int64_t tasks = offsets[pieces] / TASK_BYTES + 1, next = 0;
    int failed = 0;
    threads = threads_usable(threads);
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
        int number;
        cached *cache = take_cache(e, &number);
        for (;;) {
            int64_t task;
#pragma omp atomic capture
            task = next++;
            if (task >= tasks) break;
            int64_t piece = first_piece(pieces, offsets, task * TASK_BYTES);
            int64_t stop = first_piece(pieces, offsets, (task + 1) * TASK_BYTES);
            int32_t *out = ids + offsets[piece]; /* where there is room: n bytes have at most n ids */
            for (; piece < stop; piece++) {
                counts[piece] = encode_piece(e, cache, splitter, text, offsets[piece], offsets[piece + 1], out);
                if (counts[piece] < 0) {
#pragma omp atomic write
                    failed = 1;
                    break;
                }
                out += counts[piece];
            }
        }
        give_back_cache(e, number);
    }
    if (failed) return -1;
    int64_t n_ids = 0;
    for (int64_t task = 0; task < tasks; task++) { /* close the gaps between the tasks */
        int64_t piece = first_piece(pieces, offsets, task * TASK_BYTES), from = offsets[piece], n = 0;
        for (int64_t stop = first_piece(pieces, offsets, (task + 1) * TASK_BYTES); piece < stop; piece++)
            n += counts[piece];
        if (n_ids != from) memmove(ids + n_ids, ids + from, n * sizeof *ids);
        n_ids += n;
    }
    return n_ids;
}
