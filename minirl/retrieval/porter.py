"""Porter's stemmer: an English word without its endings, so that "connect", "connected" and "connections" are one term.

    >>> [stem(word) for word in ("connect", "connected", "connections", "ponies", "relational", "sky")]
    ['connect', 'connect', 'connect', 'poni', 'relat', 'sky']

A stem need not be a word; all that counts is that related words share it. Five steps take off an ending each, or put
another in its place. Each rule asks whether enough of a word is left: its measure m counts how often consonants follow
vowels, so "tree" has m = 0, "trouble" m = 1, "troubles" m = 2.

From M. F. Porter, An algorithm for suffix stripping, Program 14(3), 1980, with the three later changes of its author,
which Lucene has too: "bli" in the place of "abli", the ending "logi", and words of one or two letters stay whole.
"""

import re
from collections.abc import Collection

STEP_2 = {
    "ational": "ate", "tional": "tion", "enci": "ence", "anci": "ance", "izer": "ize", "bli": "ble", "alli": "al",
    "entli": "ent", "eli": "e", "ousli": "ous", "ization": "ize", "ation": "ate", "ator": "ate", "alism": "al",
    "iveness": "ive", "fulness": "ful", "ousness": "ous", "aliti": "al", "iviti": "ive", "biliti": "ble", "logi": "log",
}  # fmt: skip
STEP_3 = {"icate": "ic", "ative": "", "alize": "al", "iciti": "ic", "ical": "ic", "ful": "", "ness": ""}
STEP_4 = {
    "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism", "ate", "iti",
    "ous", "ive", "ize",
}  # fmt: skip

LONGEST = max(map(len, [*STEP_2, *STEP_3, *STEP_4]))
ENGLISH = re.compile("[a-z]{3,}")


def stem(word: str) -> str:
    """The stem of a word in small letters. Words with other letters than a to z, or fewer than three, stay whole."""
    if not ENGLISH.fullmatch(word):
        return word
    word = plural(word)
    word = past(word)
    if word.endswith("y") and "v" in shape(word[:-1]):
        word = word[:-1] + "i"
    word = replaced(word, STEP_2)
    word = replaced(word, STEP_3)
    word = removed(word)
    return final(word)


def shape(word: str) -> str:
    """A letter for each letter: "v" for a vowel, "c" for a consonant. y after a consonant is a vowel.

    >>> shape("syzygy"), shape("toy")
    ('cvcvcv', 'cvc')
    """
    found = ""
    for letter in word:
        found += "v" if letter in "aeiou" or (letter == "y" and found.endswith("c")) else "c"
    return found


def measure(word: str) -> int:
    """m: how many times a consonant follows a vowel."""
    return shape(word).count("vc")


def ends_double(word: str) -> bool:
    """Whether the word ends with the same consonant twice."""
    return word[-2:-1] == word[-1:] and shape(word).endswith("c")


def ends_short(word: str) -> bool:
    """Whether the word ends like "hop": consonant, vowel, consonant, and the last is none of w, x, y."""
    return shape(word).endswith("cvc") and word[-1] not in "wxy"


def plural(word: str) -> str:
    """Step 1a: caresses -> caress, ponies -> poni, cats -> cat."""
    if word.endswith(("sses", "ies")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def past(word: str) -> str:
    """Step 1b: agreed -> agree, plastered -> plaster, hopping -> hop, filing -> file."""
    if word.endswith("eed"):
        return word[:-1] if measure(word[:-3]) > 0 else word
    for ending in ("ed", "ing"):
        rest = word.removesuffix(ending)
        if rest != word and "v" in shape(rest):
            if rest.endswith(("at", "bl", "iz")):
                return rest + "e"
            if ends_double(rest) and rest[-1] not in "lsz":
                return rest[:-1]
            return rest + "e" if measure(rest) == 1 and ends_short(rest) else rest
    return word


def longest_ending(word: str, endings: Collection[str]) -> str:
    """The longest of the endings that the word has, or ""."""
    tails = (word[-length:] for length in range(min(LONGEST, len(word)), 0, -1))
    return next((tail for tail in tails if tail in endings), "")


def replaced(word: str, endings: dict[str, str]) -> str:
    """Steps 2 and 3: relational -> relate, triplicate -> triplic, goodness -> good."""
    ending = longest_ending(word, endings)
    rest = word[: len(word) - len(ending)]
    return rest + endings[ending] if ending and measure(rest) > 0 else word


def removed(word: str) -> str:
    """Step 4: adjustment -> adjust, adoption -> adopt."""
    ending = longest_ending(word, STEP_4)
    rest = word[: len(word) - len(ending)]
    kept = not ending or measure(rest) <= 1 or (ending == "ion" and not rest.endswith(("s", "t")))
    return word if kept else rest


def final(word: str) -> str:
    """Step 5: probate -> probat, cease -> ceas, controll -> control."""
    if word.endswith("e"):
        rest = word[:-1]
        if measure(rest) > 1 or (measure(rest) == 1 and not ends_short(rest)):
            word = rest
    return word[:-1] if word.endswith("ll") and measure(word) > 1 else word
