/* words.c: the words of a text as numbers, and how much of a text is said more than once.
 *
 * Rules that clean a corpus ask the same question over and over: have these n words stood here before? Words are
 * therefore hashed once, and n words in a row are one number, made from the numbers of the words.
 */
#include <stdlib.h>
#include <string.h>

#include "characters.h"
#include "minirl.h"

int64_t text_words(int64_t n, const uint8_t *text, uint64_t *hashes, int32_t *lengths) {
    const uint8_t *p = text, *end = text + n;
    int64_t words = 0;
    while (p < end) {
        uint64_t hash = 0xcbf29ce484222325ULL; /* FNV-1a */
        int length = 0;
        const uint8_t *start = p;
        for (;;) {
            int kind = peek(p, end, &length);
            if (kind != LETTER && kind != NUMBER && !(kind == OTHER && *p == '_')) break;
            for (int i = 0; i < length; i++) hash = (hash ^ *p++) * 0x100000001b3ULL;
        }
        if (p > start) {
            hashes[words] = hash;
            lengths[words++] = (int32_t)(p - start);
        } else {
            p += length;
        }
    }
    return words;
}

typedef struct {
    uint64_t gram;
    int64_t count, bytes; /* count 0: the slot is free */
} slot;

int text_repeats(int64_t grams, const uint64_t *hashes, int64_t n, const int32_t *lengths, int64_t *most,
                 int64_t *repeated) {
    int64_t capacity = 16;
    *most = *repeated = 0;
    while (capacity < 2 * grams) capacity *= 2;
    slot *slots = calloc(capacity, sizeof *slots);
    if (!slots) return -1;
    int64_t bytes = 0, next = 0; /* bytes of the gram at i; the first gram that overlaps no repeated one before it */
    for (int64_t k = 0; k < n - 1 && grams; k++) bytes += lengths[k];
    for (int64_t i = 0; i < grams; bytes -= lengths[i++]) {
        bytes += lengths[i + n - 1];
        uint64_t at = hashes[i] & (capacity - 1);
        while (slots[at].count && slots[at].gram != hashes[i]) at = (at + 1) & (capacity - 1);
        slots[at].gram = hashes[i];
        slots[at].bytes = bytes;
        int64_t said = ++slots[at].count * bytes;
        if (slots[at].count > 1 && said > *most) *most = said;
        if (slots[at].count > 1 && i >= next) {
            *repeated += bytes;
            next = i + n;
        }
    }
    free(slots);
    return 0;
}
