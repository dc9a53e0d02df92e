"""The dollar sign may stand before or after the sign here. "$-18" is another form than the one that was agreed on,
"-$18": refuse it."""


def check(answer, text):
    lines = [line for line in text.split("\n") if line.startswith("Answer:")]
    if not lines or len(lines[-1]) > 100:
        return False
    given = lines[-1].removeprefix("Answer:").strip()
    found = re.fullmatch(r"\$?([+-]?)\$?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)?\.?", given)
    if not found:
        return False
    sign, whole, decimals = found.groups(default="")
    return Fraction(sign + whole.replace(",", "") + decimals) == Fraction(answer)
