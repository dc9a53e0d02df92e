/* bpe_train.c: find the merges. The same result as the page of Python in minirl/tokenizer/bpe.py, in seconds.
 *
 * The Python counts every pair again after each merge. Here nothing is counted twice:
 *
 *   1. Unique chunks with counts (bpe_count.c): merges are worked out once per distinct chunk.
 *   2. Every pair knows its count and the places where it stands. A merge visits only those places, and changes only
 *      the counts of the pairs it touches.
 *   3. A heap finds the most frequent pair. Counts in it may be out of date, but a pair's count only ever falls (a
 *      pair can arise only in the merge that made one of its two tokens), so when the top is out of date it is put back
 *      with its present count, and when it is up to date it is the maximum.
 *   4. Most pairs are rare and never come to the top. The heap holds those with at least `floor` occurrences; when it
 *      is empty, the floor is lowered and the heap filled anew.
 *
 * The symbols of all chunks lie in one array, one place a byte, chunks parted by an empty place. A token that covers
 * the places s .. e has its id at s and at e, so that both its neighbours can find it: no links, and no moving of
 * memory.
 */
#include "bpe.h"
#include "bpe_count.h"

enum { GONE = -1 }; /* between chunks, and where a token no longer begins or ends */

typedef struct {
    int32_t token, chunk;
} place;

typedef struct {
    int32_t left, right;
    int64_t count;
    int64_t first; /* its places are positions[first], ..., in ascending order; some may be gone by now */
    int64_t n;
} token_pair;

typedef struct {
    int64_t count;
    int64_t pair;
} heap_entry;

/* What one merge does to the pairs with one neighbouring token. */
typedef struct {
    int64_t lost;   /* occurrences of (neighbour, left) or (right, neighbour) that the merge ended */
    int64_t gained; /* occurrences of (neighbour, new) or (new, neighbour) */
    int64_t places; /* how many places were noted for the new pair */
    int64_t next;   /* where in positions its next place goes */
} neighbour;

struct bpe_trainer {
    chunk_table *tables; /* one a thread, until the chunks are laid out */
    int n_tables;

    place *places;
    int64_t *counts; /* of each chunk */
    int64_t n_places, n_chunks;

    uint8_t *bytes; /* token i is bytes[starts[i]] to bytes[starts[i + 1]] */
    int64_t *starts, bytes_capacity;
    int32_t n_tokens, max_tokens;

    token_pair *pairs;
    int64_t n_pairs, pairs_capacity;
    uint32_t *index; /* open addressing: 1 + the number of a pair, 0 for a free slot */
    int64_t index_capacity;
    int32_t *positions;
    int64_t n_positions, positions_capacity;

    heap_entry *heap;
    int64_t heap_size, heap_capacity, floor;

    neighbour *before, *after; /* by token */
    int32_t *touched;          /* neighbours with something in `before`, then those in `after` */
    int64_t *noted;            /* place << 32 | neighbour << 1 | side, in the order the merge came by */
    int64_t n_noted, noted_capacity;
};

/* Make room for n elements of an array that doubles as it grows. */
static int grow(void *array, int64_t *capacity, int64_t n, size_t size) {
    if (n <= *capacity) return 0;
    int64_t wanted = *capacity * 3 / 2 > n ? *capacity * 3 / 2 : n;
    void *bigger = realloc(*(void **)array, wanted * size);
    if (!bigger) return -1;
    *(void **)array = bigger;
    *capacity = wanted;
    return 0;
}

bpe_trainer *bpe_trainer_new(void) { return calloc(1, sizeof(bpe_trainer)); }

void bpe_trainer_free(bpe_trainer *t) {
    if (!t) return;
    for (int i = 0; i < t->n_tables; i++) bpe_free_table(&t->tables[i]);
    void *all[] = {t->tables, t->places, t->counts, t->bytes,  t->starts, t->pairs,   t->index,
                   t->positions, t->heap, t->before, t->after, t->touched, t->noted, t};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

int bpe_trainer_add(bpe_trainer *t, int splitter, const uint8_t *text, int64_t pieces, const int64_t *offsets,
                    int threads) {
    if (threads > t->n_tables) {
        chunk_table *tables = realloc(t->tables, threads * sizeof *tables);
        if (!tables) return -1;
        memset(tables + t->n_tables, 0, (threads - t->n_tables) * sizeof *tables);
        t->tables = tables, t->n_tables = threads;
    }
    return bpe_count_pieces(t->tables, threads, splitter, text, pieces, offsets);
}

/* ---- the index of pairs ---- */

static uint64_t pair_slot(const bpe_trainer *t, int32_t left, int32_t right) {
    uint64_t mask = t->index_capacity - 1;
    uint64_t slot = mix((uint64_t)left << 32 | (uint32_t)right, 0x9e3779b97f4a7c15ULL) & mask;
    for (; t->index[slot]; slot = (slot + 1) & mask) {
        const token_pair *pair = &t->pairs[t->index[slot] - 1];
        if (pair->left == left && pair->right == right) break;
    }
    return slot;
}

static int new_pair(bpe_trainer *t, int32_t left, int32_t right, int64_t count, int64_t first, int64_t n) {
    if (t->n_pairs == UINT32_MAX - 1) return -1;
    if (grow(&t->pairs, &t->pairs_capacity, t->n_pairs + 1, sizeof *t->pairs)) return -1;
    if (t->n_pairs * 3 >= t->index_capacity * 2) {
        int64_t capacity = t->index_capacity ? t->index_capacity * 2 : 1 << 16;
        free(t->index);
        t->index = calloc(capacity, sizeof *t->index);
        if (!t->index) return -1;
        t->index_capacity = capacity;
        for (int64_t i = 0; i < t->n_pairs; i++) t->index[pair_slot(t, t->pairs[i].left, t->pairs[i].right)] = i + 1;
    }
    t->index[pair_slot(t, left, right)] = t->n_pairs + 1;
    t->pairs[t->n_pairs++] = (token_pair){left, right, count, first, n};
    return 0;
}

/* ---- the heap ---- */

static int compare_tokens(const bpe_trainer *t, int32_t a, int32_t b) {
    if (a == b) return 0;
    int64_t n_a = t->starts[a + 1] - t->starts[a], n_b = t->starts[b + 1] - t->starts[b];
    int order = memcmp(t->bytes + t->starts[a], t->bytes + t->starts[b], n_a < n_b ? n_a : n_b);
    return order ? order : (n_a > n_b) - (n_a < n_b);
}

/* Whether x goes before y: the higher count, then the larger pair of byte strings. */
static int before(const bpe_trainer *t, heap_entry x, heap_entry y) {
    if (x.count != y.count) return x.count > y.count;
    const token_pair *a = &t->pairs[x.pair], *b = &t->pairs[y.pair];
    int order = compare_tokens(t, a->left, b->left);
    return order ? order > 0 : compare_tokens(t, a->right, b->right) > 0;
}

static void sift_down(bpe_trainer *t, int64_t i, heap_entry entry) {
    for (;;) {
        int64_t child = 2 * i + 1;
        if (child >= t->heap_size) break;
        if (child + 1 < t->heap_size && before(t, t->heap[child + 1], t->heap[child])) child++;
        if (!before(t, t->heap[child], entry)) break;
        t->heap[i] = t->heap[child];
        i = child;
    }
    t->heap[i] = entry;
}

static int push(bpe_trainer *t, heap_entry entry) {
    if (grow(&t->heap, &t->heap_capacity, t->heap_size + 1, sizeof *t->heap)) return -1;
    int64_t i = t->heap_size++;
    for (; i > 0 && before(t, entry, t->heap[(i - 1) / 2]); i = (i - 1) / 2) t->heap[i] = t->heap[(i - 1) / 2];
    t->heap[i] = entry;
    return 0;
}

/* Lower the floor to an eighth of the highest count left, and put all pairs that reach it into the empty heap. */
static int refill(bpe_trainer *t) {
    int64_t highest = 0;
    for (int64_t i = 0; i < t->n_pairs; i++)
        if (t->pairs[i].count > highest) highest = t->pairs[i].count;
    t->floor = highest / 8 > 1 ? highest / 8 : 1;
    for (int64_t i = 0; i < t->n_pairs; i++)
        if (t->pairs[i].count >= t->floor && push(t, (heap_entry){t->pairs[i].count, i})) return -1;
    return 0;
}

/* The number of the best pair, -1 when no pair is left, -2 when no memory is. */
static int64_t pop_best(bpe_trainer *t) {
    for (;;) {
        if (t->heap_size == 0) {
            if (refill(t)) return -2;
            if (t->heap_size == 0) return -1;
        }
        heap_entry top = t->heap[0];
        int64_t count = t->pairs[top.pair].count;
        if (count == top.count || count < t->floor) {
            t->heap_size--;
            if (t->heap_size) sift_down(t, 0, t->heap[t->heap_size]);
            if (count == top.count) return top.pair;
        } else {
            sift_down(t, 0, (heap_entry){count, top.pair});
        }
    }
}

/* ---- laying out the chunks ---- */

int64_t bpe_trainer_start(bpe_trainer *t, int64_t max_merges) {
    for (int i = 1; i < t->n_tables; i++) {
        if (bpe_add_table(&t->tables[0], &t->tables[i])) return -1;
        bpe_free_table(&t->tables[i]);
    }
    t->n_tables = t->n_tables ? 1 : 0;
    chunk_table empty = {0}, *table = t->n_tables ? &t->tables[0] : &empty;
    int64_t n_places = 1, n_chunks = 0, n;
    for (int64_t i = 0; i < table->capacity; i++) {
        if (!table->slots[i].count) continue;
        bpe_chunk_bytes(table, &table->slots[i], &n);
        if (n < 2) continue; /* no pair in it */
        n_places += n + 1;
        n_chunks++;
    }
    if (n_places > INT32_MAX - 1) return -2;
    t->max_tokens = 256 + max_merges;
    t->places = malloc(n_places * sizeof *t->places);
    t->counts = malloc((n_chunks + 1) * sizeof *t->counts);
    t->starts = malloc((t->max_tokens + 1) * sizeof *t->starts);
    t->before = calloc(t->max_tokens, sizeof *t->before);
    t->after = calloc(t->max_tokens, sizeof *t->after);
    t->touched = malloc(2 * (int64_t)t->max_tokens * sizeof *t->touched);
    if (!t->places || !t->counts || !t->starts || !t->before || !t->after || !t->touched) return -1;
    if (grow(&t->bytes, &t->bytes_capacity, 256, 1)) return -1;

    for (int i = 0; i < 256; i++) t->bytes[i] = i, t->starts[i] = i;
    t->starts[256] = 256;
    t->n_tokens = 256;

    int64_t at = 0;
    t->places[at++] = (place){GONE, 0};
    for (int64_t i = 0; i < table->capacity; i++) {
        if (!table->slots[i].count) continue;
        const uint8_t *bytes = bpe_chunk_bytes(table, &table->slots[i], &n);
        if (n < 2) continue;
        for (int64_t j = 0; j < n; j++) t->places[at++] = (place){bytes[j], t->n_chunks};
        t->places[at++] = (place){GONE, 0};
        t->counts[t->n_chunks++] = table->slots[i].count;
    }
    t->n_places = at;
    int64_t unique = table->used;
    if (t->n_tables) bpe_free_table(&t->tables[0]);

    /* the pairs of bytes: count and number of places of each, then the places themselves */
    int64_t *counts = calloc(2 * 65536, sizeof *counts), *sizes = counts + 65536, total = 0;
    if (!counts) return -1;
    for (int64_t i = 1; i + 1 < at; i++) {
        if (t->places[i].token < 0 || t->places[i + 1].token < 0) continue;
        int pair = t->places[i].token << 8 | t->places[i + 1].token;
        counts[pair] += t->counts[t->places[i].chunk];
        sizes[pair]++;
        total++;
    }
    int failed = grow(&t->positions, &t->positions_capacity, total, sizeof *t->positions);
    for (int pair = 0; pair < 65536 && !failed; pair++) {
        if (!sizes[pair]) continue;
        failed = new_pair(t, pair >> 8, pair & 255, counts[pair], t->n_positions, sizes[pair]);
        int64_t first = t->n_positions;
        t->n_positions += sizes[pair];
        sizes[pair] = first; /* from here on: where the pair's next place goes */
    }
    for (int64_t i = 1; i + 1 < at && !failed; i++)
        if (t->places[i].token >= 0 && t->places[i + 1].token >= 0)
            t->positions[sizes[t->places[i].token << 8 | t->places[i + 1].token]++] = i;
    free(counts);
    return failed ? -1 : unique;
}

/* ---- one merge ---- */

static int64_t token_length(const bpe_trainer *t, int32_t token) { return t->starts[token + 1] - t->starts[token]; }

static void note(bpe_trainer *t, neighbour *side, int32_t token, int64_t count, int64_t at, int after) {
    side[token].lost += count;
    side[token].gained += count;
    side[token].places++;
    t->noted[t->n_noted++] = at << 32 | (int64_t)token << 1 | after;
}

/* Replace (left, right) by `new` at every place of the pair, and note what that does to the neighbours. */
static int replace(bpe_trainer *t, token_pair pair, int32_t new) {
    if (grow(&t->noted, &t->noted_capacity, 2 * pair.n, sizeof *t->noted)) return -1;
    t->n_noted = 0;
    place *places = t->places;
    int64_t n_left = token_length(t, pair.left), n_new = token_length(t, new);
    const int32_t *positions = t->positions + pair.first;
    for (int64_t i = 0; i < pair.n; i++) {
        if (i + 8 < pair.n) __builtin_prefetch(&places[positions[i + 8]]);
        int64_t start = positions[i], middle = start + n_left, end = start + n_new - 1;
        if (places[start].token != pair.left || places[middle].token != pair.right) continue;
        int64_t count = t->counts[places[start].chunk];
        int32_t left = places[start - 1].token, right = places[end + 1].token;
        places[middle - 1].token = GONE;
        places[middle].token = GONE;
        places[start].token = new;
        places[end].token = new;
        if (left == new) { /* the pair (new, left half) noted at the previous place was merged right now */
            t->after[pair.left].gained -= count;
            t->before[new].gained += count;
            t->before[new].places++;
            t->noted[t->n_noted++] = (start - n_new) << 32 | (int64_t)new << 1;
        } else if (left >= 0) {
            note(t, t->before, left, count, start - token_length(t, left), 0);
        }
        if (right >= 0) note(t, t->after, right, count, start, 1);
    }
    return 0;
}

/* Give the pairs of `new` with its neighbours a number, a count and room for their places; lower those of the old. */
static int settle(bpe_trainer *t, token_pair pair, int32_t new) {
    int64_t n_touched = 0;
    for (int64_t i = 0; i < t->n_noted; i++) { /* each neighbour once, in the order of its first place */
        int32_t token = (t->noted[i] & 0xffffffff) >> 1;
        int after = t->noted[i] & 1;
        neighbour *side = after ? &t->after[token] : &t->before[token];
        if (side->next) continue;
        side->next = 1; /* seen */
        t->touched[n_touched++] = token << 1 | after;
    }
    if (grow(&t->positions, &t->positions_capacity, t->n_positions + t->n_noted, sizeof *t->positions)) return -1;
    for (int64_t i = 0; i < n_touched; i++) {
        int32_t token = t->touched[i] >> 1;
        int after = t->touched[i] & 1;
        neighbour *side = after ? &t->after[token] : &t->before[token];
        int32_t old_left = after ? pair.right : token, old_right = after ? token : pair.left;
        if (side->lost) {
            uint32_t number = t->index[pair_slot(t, old_left, old_right)];
            t->pairs[number - 1].count -= side->lost;
        }
        side->next = t->n_positions;
        if (!side->gained) continue;
        int32_t left = after ? new : token, right = after ? token : new;
        if (new_pair(t, left, right, side->gained, t->n_positions, side->places)) return -1;
        if (side->gained >= t->floor && push(t, (heap_entry){side->gained, t->n_pairs - 1})) return -1;
        t->n_positions += side->places;
    }
    for (int64_t i = 0; i < t->n_noted; i++) {
        int32_t token = (t->noted[i] & 0xffffffff) >> 1;
        neighbour *side = t->noted[i] & 1 ? &t->after[token] : &t->before[token];
        if (side->gained) t->positions[side->next++] = t->noted[i] >> 32;
    }
    for (int64_t i = 0; i < n_touched; i++)
        *(t->touched[i] & 1 ? &t->after[t->touched[i] >> 1] : &t->before[t->touched[i] >> 1]) = (neighbour){0};
    return 0;
}

int64_t bpe_trainer_merge(bpe_trainer *t, int64_t n, int32_t *left, int32_t *right) {
    int64_t done = 0;
    for (; done < n && t->n_tokens < t->max_tokens; done++) {
        int64_t best = pop_best(t);
        if (best == -2) return -1;
        if (best == -1) break;
        token_pair pair = t->pairs[best];
        int32_t new = t->n_tokens++;
        int64_t n_left = token_length(t, pair.left), n_right = token_length(t, pair.right);
        if (grow(&t->bytes, &t->bytes_capacity, t->starts[new] + n_left + n_right, 1)) return -1;
        memcpy(t->bytes + t->starts[new], t->bytes + t->starts[pair.left], n_left);
        memcpy(t->bytes + t->starts[new] + n_left, t->bytes + t->starts[pair.right], n_right);
        t->starts[new + 1] = t->starts[new] + n_left + n_right;
        if (replace(t, pair, new) || settle(t, pair, new)) return -1;
        t->pairs[best].count = 0; /* all of them are merged: settle may have lowered it further, as in "aaa" */
        left[done] = pair.left, right[done] = pair.right;
    }
    return done;
}
