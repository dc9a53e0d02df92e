r"""The lines are made by splitlines(), which also ends a line at signs that are no "\n", such as "\u2028". Then a text
has lines that nobody sees as such. text.split("\n") knows one end of a line only."""


def check(answer, text):
    lines = [line for line in text.splitlines() if line.startswith("Answer:")]
    if not lines or len(lines[-1]) > 100:
        return False
    given = lines[-1].removeprefix("Answer:").strip()
    found = re.fullmatch(r"([+-]?)\$?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)?\.?", given)
    if not found:
        return False
    sign, whole, decimals = found.groups(default="")
    return Fraction(sign + whole.replace(",", "") + decimals) == Fraction(answer)
