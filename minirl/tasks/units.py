"""What may stand after a number: a unit, or the things that were counted. 18 tennis balls are 18; 18 thousands are not.

Anything can be counted, so no list could hold all units. But only a few kinds of words make another number of the
number before them, or take it back. These kinds are closed: English gets no new ones. So a word is a unit unless it is

- a numeral in any form: thousand, thousands, thousandths, twenty-five, tenfold, quarters, dozen;
- an operation: plus, divided, pi, and squared right after the number (18 metres squared is an area);
- a negation: no, not, never, isn't;
- a comparison or a doubt: than, below, approximately, maybe;
- a part of a sentence: is, was, but, or, and, if, they. "18 is wrong" takes the answer back;
- a single letter that is no symbol of a unit: 18x is a multiple of x, 18k are thousands, 18 m are metres.

Units are written in letters from a to z, with accents or without. Number words of other scripts are unknown here.

Some words can be both. "5 quarters" may be coins or fourths, "18 wrong" may be a count of errors or a change of mind:
such an answer is refused. "18 seconds" are a time, "18 pairs" and "18 scores" are things that were counted.
"""

import re
import unicodedata
from functools import lru_cache

MOST_WORDS = 4  # of a unit
LONGEST_SHORT = 5  # characters of a shortened word, as in "sq. ft."

_SHAPE = re.compile(rf"(?:[ /-]?[^ /-]+(?:[ /-][^ /-]+){{0,{MOST_WORDS - 1}}})?")
_NUMBER_WORD = r"""(?:
        zero | nought | one | two | three | four | five | six | seven | eight | nine | ten | eleven | twelve
      | (?:thir|four|fif|six|seven|eigh|nine)teen | (?:twen|thir|for|fif|six|seven|eigh|nine)t(?:y|ie)
      | hundred | thousand | milliard | lakh | crore | dozen | googol | myriad
      | first | third | (?:fif|eigh|nin|twelf)th | half | halve | quarter
      | once | twice | thrice | (?:quadr|quint|sext|sept|oct|non|dec|cent)uple | percent | pct | mille
    )"""
_NUMERAL = re.compile(  # also twenty-fifths, sixes, halved, thousandths, tenfold, thirtyish, and every -illion
    rf"(?: {_NUMBER_WORD}+ | [a-z]*illion {_NUMBER_WORD}* ) (?:s|es|d|th|ths|fold|ish)?", re.VERBOSE
)
_POWER = re.compile(r"(?<=.)(?:[²³]|\^[23])$")
_ROMAN = re.compile("[IVX]{2,}")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SHORT_NUMERALS = _set("bn mn tn mln mio mrd mil bil thou score gross st nd rd th sts nds rds ths")
_OPERATIONS = _set("""plus minus by divided multiplied added subtracted doubled tripled negated inverted
    reversed raised mod modulo root roots sqrt sin cos ln log exp exponent factorial remainder recurring equals versus
    vs pi phi infinity""")
_NEGATIONS = _set("no not nor never none neither nothing nope cannot except dont isnt wasnt aint")
_COMPARISONS = _set("""than below beneath approximately approx roughly circa nearly almost maybe perhaps probably
    possibly presumably something ish thereabouts ca est estimated onwards onward unsure""")
_SENTENCES = _set("""is are was were be been being has have had do does did will would could shall should may might
    must i it he she they we you itself and or but if unless because since though although while until then so yet
    else who what which when where why how whether instead rather actually sorry oops ignore disregard nah hmm lol
    jk kidding""")
_NO_UNIT = _SHORT_NUMERALS | _OPERATIONS | _NEGATIONS | _COMPARISONS | _SENTENCES
_NOT_FIRST = _set("squared cubed over under above between about around wait")  # right after the number
_NOT_LAST = (
    _set("""wrong incorrect false untrue mistaken invalid inaccurate erroneous negative opposite reciprocal
    inverse grand double triple treble repeating power powers hex hexadecimal binary octal least most minimum
    maximum max equal this that about around likely best worst
    answer opinion fake typo error mistake guess lie retracted withdrawn nullified voided an the""")
)  # "18 wrong answers" were counted
_SYMBOLS = _set("m g s h d l t c p L A V W J N C F H")  # metres, ..., cents, pence, litres, amperes, ...


def is_unit(text: str) -> bool:
    """Whether `text`, which stands after a number, leaves the number what it is. Nothing at all does so too.

    >>> is_unit(" tennis balls"), is_unit("km/h"), is_unit(" thousands"), is_unit(" is wrong")
    (True, True, False, False)
    """
    if not text:
        return True
    words = re.findall("[^ /-]+", text)
    if _SHAPE.fullmatch(text) is None or not words:
        return False
    if any(word.endswith(".") and len(word) > LONGEST_SHORT for word in words[:-1]):  # another sentence follows
        return False
    if letters(words[0]) in _NOT_FIRST or letters(words[-1]) in _NOT_LAST or words[-1] == "a":
        return False
    return all(map(_is_unit_word, words))


@lru_cache(maxsize=1 << 12)  # the same few words come again and again
def _is_unit_word(word: str) -> bool:
    if word in ("°", "¢"):
        return True
    plain = letters(word)
    if not (plain.isascii() and plain.isalpha()):  # nothing is left, or digits and other scripts: 18², ½, Ⅳ, 二, π
        return False
    if len(plain) == 1:
        return _POWER.sub("", word.removeprefix("°")).removesuffix(".") in _SYMBOLS or word == "a"  # $18 a week
    stem = re.split("['’]", word.lower())[0]  # it's, she'd
    if re.search("n['’]t$", word.lower()) or stem in _SENTENCES:
        return False
    return plain not in _NO_UNIT and not _NUMERAL.fullmatch(plain) and not _ROMAN.fullmatch(word)


@lru_cache(maxsize=1 << 12)
def letters(word: str) -> str:
    """The letters of a word, small and without accents: "°C" -> "c", "km²" and "km^2" -> "km", "cafés" -> "cafes".

    What is no such letter stays, so that the result shows it: "ⅳ" -> "ⅳ".
    """
    word = _POWER.sub("", word.removeprefix("°")).replace("\u2126", "ohm").replace("Ω", "ohm")  # two code points for Ω
    word = re.sub("^[\u00b5\u03bc](?=[a-zA-Z])", "u", word)  # and for µ
    return "".join(unicodedata.normalize("NFD", sign)[0] for sign in re.sub("['’.]", "", word)).lower()
