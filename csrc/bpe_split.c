/* bpe_split.c: cut text into chunks as the GPT-2 and GPT-4 patterns do, without a regular expression engine.
 *
 *   gpt2  's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 *   gpt4  (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}
 *         | ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
 *
 * Each function tries the alternatives at one place in the order of the pattern and returns where the first that
 * matches ends. Every character is a letter, a number, a space or something else, so one alternative always matches.
 */
#include "bpe.h"
#include "characters.h"

/* The end of the run of characters of one class that goes on at p. */
static inline const uint8_t *run(const uint8_t *p, const uint8_t *end, int class) {
    int length = 0;
    while (peek(p, end, &length) == class) p += length;
    return p;
}

/* The same for letters, eight ASCII bytes a step: most words then end without a mispredicted branch. */
static inline const uint8_t *run_of_letters(const uint8_t *p, const uint8_t *end) {
    const uint64_t ones = 0x0101010101010101ULL, tops = 0x80 * ones;
    for (;;) {
        while (end - p >= 8) {
            uint64_t bytes = load_64(p), lower = (bytes | 0x20 * ones) & ~tops;
            uint64_t from_a = lower + (0x80 - 'a') * ones, past_z = lower + (0x7f - 'z') * ones;
            uint64_t others = ~(from_a & ~past_z & ~bytes) & tops; /* top bit of each byte that is no ASCII letter */
            if (others) {
                p += __builtin_ctzll(others) >> 3;
                break;
            }
            p += 8;
        }
        int length = 0;
        if (peek(p, end, &length) != LETTER) return p;
        p += length; /* a letter outside ASCII, or one of the last seven bytes */
    }
}

/* Length of 's 't 're 've 'm 'll 'd at p, which holds an apostrophe, or 0. Ignoring case, long s (U+017F) is s. */
static inline int contraction(const uint8_t *p, const uint8_t *end, int ignore_case) {
    int64_t left = end - p;
    if (left < 2) return 0;
    if (ignore_case && left >= 3 && p[1] == 0xc5 && p[2] == 0xbf) return 3;
    int fold = ignore_case ? 0x20 : 0;
    int a = p[1] | fold, b = left > 2 ? p[2] | fold : 0;
    if (a == 's' || a == 't' || a == 'm' || a == 'd') return 2;
    return (a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l') ? 3 : 0;
}

/* \s*[\r\n]+ (when lines is 1), then \s+(?!\S), then \s+: p holds a space. */
static inline const uint8_t *spaces(const uint8_t *p, const uint8_t *end, int lines) {
    const uint8_t *q = p, *last = p, *after_newline = NULL;
    int length = 0;
    while (peek(q, end, &length) == SPACE) {
        last = q;
        q += length;
        if (*last == '\n' || *last == '\r') after_newline = q;
    }
    if (lines && after_newline) return after_newline;
    return q == end || last == p ? q : last; /* leave one space for the word that follows */
}

static inline const uint8_t *next_gpt2(const uint8_t *p, const uint8_t *end) {
    if (*p == '\'') {
        int n = contraction(p, end, 0);
        if (n) return p + n;
    }
    int length = 0, class = peek(p, end, &length), before = 0;
    if (*p == ' ') {
        int next = peek(p + 1, end, &length);
        if (next < SPACE) class = next, before = 1;
    }
    if (class == LETTER) return run_of_letters(p + before, end);
    if (class == SPACE) return spaces(p, end, 0);
    return run(p + before + length, end, class);
}

static inline const uint8_t *next_gpt4(const uint8_t *p, const uint8_t *end, int digits) {
    int length = 0, next_length = 0, class = peek(p, end, &length);
    if (class == LETTER) return run_of_letters(p + length, end);
    if (class == NUMBER) {
        do p += length;
        while (--digits > 0 && peek(p, end, &length) == NUMBER);
        return p;
    }
    if (*p == '\'') {
        int n = contraction(p, end, 1);
        if (n) return p + n;
    }
    int next = peek(p + length, end, &next_length);
    if (next == LETTER && *p != '\r' && *p != '\n') return run_of_letters(p + length + next_length, end);
    if (class == OTHER || (*p == ' ' && next == OTHER)) {
        p = run(p + length, end, OTHER);
        while (p < end && (*p == '\r' || *p == '\n')) p++;
        return p;
    }
    return spaces(p, end, 1);
}

int64_t bpe_split(int splitter, const uint8_t *text, int64_t start, int64_t end, int64_t max_chunks, int64_t *ends) {
    const uint8_t *p = text + start, *stop = text + end;
    int64_t n = 0;
    switch (splitter) {
    case 0: /* the whole piece is one chunk: it was split by a pattern that is not built in */
        if (p < stop && max_chunks > 0) ends[n++] = end;
        break;
    case 1:
        while (p < stop && n < max_chunks) ends[n++] = (p = next_gpt2(p, stop)) - text;
        break;
    case 2:
        while (p < stop && n < max_chunks) ends[n++] = (p = next_gpt4(p, stop, 3)) - text;
        break;
    case 3:
        while (p < stop && n < max_chunks) ends[n++] = (p = next_gpt4(p, stop, 1)) - text;
        break;
    }
    return n;
}
