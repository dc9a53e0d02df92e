/* characters.h: what kind of character stands at a place in UTF-8 text.
 *
 * The tokenizer cuts text where the kind changes (bpe_split.c), and the words of a text are runs of letters and numbers
 * (words.c).
 */
#ifndef MINIRL_CHARACTERS_H
#define MINIRL_CHARACTERS_H

#include "bpe_unicode.h"

enum { OTHER, LETTER, NUMBER, SPACE, NOTHING };

/* Class of the character at p, and its length in bytes. A byte that begins no whole character counts as OTHER. */
static inline int peek(const uint8_t *p, const uint8_t *end, int *length) {
    if (p >= end) return NOTHING;
    uint32_t c = *p;
    *length = 1;
    if (c < 0x80) return ascii_classes[c];
    int n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    if (c < 0xc0 || end - p < n) return OTHER;
    c &= 0x7f >> n;
    for (int i = 1; i < n; i++) c = c << 6 | (p[i] & 0x3f);
    *length = n;
    if (c >= UNICODE_END) return OTHER;
    return unicode_blocks[unicode_index[c >> 8] * 64 + (c >> 2 & 63)] >> 2 * (c & 3) & 3;
}

#endif
