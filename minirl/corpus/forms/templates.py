"""Wikipedia's templates, of those that hold words of the sentence they stand in: numbers, above all.

"an area of {{convert|5|km2|sqmi}} and {{formatnum:1234567}} people" says nothing once its templates are dropped, and
most programs drop them. Here the templates that stand for text are written out; what decorates a page (boxes, notes,
links to elsewhere) is dropped.
"""

import re
from collections.abc import Callable

Values = list[str]
Named = dict[str, str]

NUMBER = re.compile(r"[-−+]?[\d,.]*\d[\d,.]*(?:e[-+]?\d+)?(?:[+⁄/]\d+)*(?:/\d+)?$", re.IGNORECASE)
NAMED = re.compile(r"\s*([\w\s-]+?)\s*=(.*)", re.DOTALL)
JOINERS = {
    "to": " to ", "-": "–", "–": "–", "and": " and ", "or": " or ", "by": " by ", "x": " by ", "×": " × ", "*": " by ",
    "xx": " × ", "+/-": " ± ", "±": " ± ", "+-": " ± ", "to(-)": " to ", "and(-)": " and ", "to about": " to about ",
    "+": " + ", ",": ", ", "/": "/",
}  # fmt: skip
UNITS = {
    "km2": "km²", "m2": "m²", "cm2": "cm²", "mm2": "mm²", "m3": "m³", "cm3": "cm³", "km3": "km³",
    "sqmi": "square miles",
    "sqkm": "km²", "sqft": "square feet", "cuft": "cubic feet", "sqin": "square inches", "mi": "miles", "ft": "feet",
    "in": "inches", "yd": "yards", "lb": "pounds", "oz": "ounces", "acre": "acres", "C": "°C", "F": "°F", "K": "K",
    "kph": "km/h", "km/h": "km/h", "C-change": "°C", "F-change": "°F", "°C": "°C", "nmi": "nautical miles",
    "/sqmi": "per square mile", "/km2": "per km²", "PD/sqmi": "per square mile", "PD/km2": "per km²",
    "impgal": "imperial gallons", "usgal": "US gallons", "LT": "long tons", "ST": "short tons", "t": "tonnes",
}  # fmt: skip


LARGE = {"3": "thousand", "6": "million", "9": "billion"}


def expand(contents: str) -> str:
    """What a template stands for, given what stands between its braces; nothing where it is no part of the sentence."""
    function, colon, value = contents.partition(":")
    if colon and function.strip().lower() in ("formatnum", "lc", "uc", "lcfirst", "ucfirst"):
        return formatted(value.partition("|")[0]) if function.strip().lower() == "formatnum" else value.strip()
    name, *parts = contents.split("|")
    name = " ".join(name.replace("_", " ").lower().split())
    values: list[str] = []
    named: dict[str, str] = {}
    for part in parts:
        match = NAMED.match(part)
        if match is None:
            values.append(part.strip())
        elif match[1].isdigit() and int(match[1]) == len(values) + 1:
            values.append(match[2].strip())
        else:
            named[match[1]] = match[2].strip()
    if name.startswith("lang-"):
        return first(values, named)
    handler = TEMPLATES.get(name)
    return handler(values, named) if handler else ""


def first(values: Values, named: Named) -> str:
    """The first value, such as the text of {{nowrap|text}}."""
    return values[0] if values else named.get("text", "")


def second(values: Values, named: Named) -> str:
    """The second value, such as the text of {{lang|fr|text}}."""
    return values[1] if len(values) > 1 else named.get("text", "")


def last(values: Values, named: Named) -> str:
    """The last value."""
    return values[-1] if values else ""


def formatted(value: str) -> str:
    """A whole number with commas between its thousands; anything else as it is."""
    value = value.strip()
    whole, point, rest = value.partition(".")
    return f"{int(whole):,}{point}{rest}" if re.fullmatch(r"-?[0-9]{1,30}", whole) else value


def convert(values: Values, named: Named) -> str:
    """{{convert|5|to|10|km|mi}} -> "5 to 10 km"; the converted value is left out. {{convert|6|ft|2|in}} -> "6 feet 2
    inches". Numbers get commas, as Wikipedia shows them."""
    said, place = "", 0
    while place < len(values):
        if not NUMBER.match(values[place]):
            break
        said += formatted(values[place])
        place += 1
        if place < len(values) and values[place] in JOINERS:
            said += JOINERS[values[place]]
            place += 1
            continue
        if place < len(values) and values[place]:
            said += "-" + singular(unit(values[place])) if named.get("adj") == "on" else " " + unit(values[place])
            place += 1
        if place + 1 < len(values) and NUMBER.match(values[place]) and not NUMBER.match(values[place + 1]):
            said += " "
            continue
        break
    return said


def unit(code: str) -> str:
    """A unit by its code: "km2" is "km²", "e6acre" is "million acres"."""
    large = re.fullmatch(r"e([369])(.+)", code)
    if large:
        return f"{LARGE[large[1]]} {unit(large[2])}"
    return UNITS.get(code, code)


def singular(name: str) -> str:
    """The unit of one: "a 5-mile road"."""
    irregular = {"feet": "foot", "inches": "inch"}
    return irregular.get(name, name[:-1] if len(name) > 3 and name.endswith("s") else name)


def val(values: Values, named: Named) -> str:
    """{{val|1.5|0.2|e=6|u=m}} -> "1.5 ± 0.2 × 10^6 m"."""
    said = " ± ".join(formatted(value) for value in values[:2])
    return said + (f" × 10^{named['e']}" if "e" in named else "") + (f" {named['u']}" if "u" in named else "")


def fraction(values: Values, named: Named) -> str:
    """{{frac|1|2}} -> "1/2"; {{frac|3|1|2}} -> "3 1/2"; {{frac|2}} -> "1/2"."""
    if len(values) == 1:
        return f"1/{values[0]}"
    return " ".join([*values[:-2], "/".join(values[-2:])])


def height(values: Values, named: Named) -> str:
    """{{height|ft=6|in=2}} -> "6 ft 2 in"."""
    return " ".join(f"{named[unit]} {unit}" for unit in ("m", "cm", "ft", "in") if unit in named)


def ordinal(values: Values, named: Named) -> str:
    """{{ordinal|3}} -> "3rd"."""
    value = first(values, named)
    ending = "th" if value[-2:-1] == "1" else {"1": "st", "2": "nd", "3": "rd"}.get(value[-1:], "th")
    return value + ending


def before(text: str) -> Callable[[Values, Named], str]:
    """What says `text`, then its first value."""
    return lambda values, named: f"{text}{first(values, named)}"


def always(text: str) -> Callable[[Values, Named], str]:
    """What says the same wherever it stands."""
    return lambda values, named: text


def joined(values: Values, named: Named) -> str:
    """All values, one after the other."""
    return "".join(values)


TEMPLATES: dict[str, Callable[[Values, Named], str]] = {
    **dict.fromkeys(("convert", "cvt", "convert/old"), convert),
    **dict.fromkeys(("val", "scinote"), val),
    **dict.fromkeys(("frac", "fraction", "sfrac", "frac2", "fract"), fraction),
    **dict.fromkeys(
        ("nowrap", "nobr", "nobreak", "j", "small", "smaller", "big", "larger", "em", "strong", "abbr", "tooltip",
         "ill", "interlanguage link", "mvar", "math", "var", "code", "tt", "kbd", "sic", "quote", "blockquote",
         "cquote", "bq", "linktext", "num", "number", "nts", "script", "serif", "italic", "bold", "nihongo", "chem",
         "mono",
         "visible anchor", "vanchor", "notatypo", "not a typo", "nounderline", "sub", "ruby", "ship"),
        first,
    ),
    **dict.fromkeys(("lang", "langx", "rtl-lang", "color", "colour", "font color", "transl", "transliteration"),
    second), **dict.fromkeys(("gaps", "chem2", "sums"), joined),
    "height": height, "ordinal": ordinal, "rnd": first,
    "sup": before("^"), "e": before(" × 10^"), "10^": before("10^"), "esp": before("^"), "sqrt": before("√"),
    "radic": before("√"), "circa": before("c. "), "c.": before("c. "), "ca.": before("c. "), "as of": before("As of "),
    "us$": before("US$"), "usd": before("US$"), "gbp": before("£"), "£": before("£"), "€": before("€"),
    "euro": before("€"), "inr": before("₹"), "jpy": before("¥"), "c": before("c. "), "fl.": before("fl. "),
    **dict.fromkeys(("snd", "spnd", "ndash", "spaced ndash", "spaced en dash", "–"), always(" – ")),
    **dict.fromkeys(("mdash", "emdash", "em dash", "spaced mdash"), always("—")),
    **dict.fromkeys(("nbsp", "space", "spaces", "thinsp", "hair space"), always(" ")),
    "'": always("'"), "'s": always("'s"), "=": always("="), "!": always("|"), "pi": always("π"), "·": always("·"),
    "times": always("×"), "minus": always("−"), "percent": always("%"), "deg": always("°"), "x2c": always(","),
}  # fmt: skip
