"""Lines that are too long are left out before the last one is chosen, so an earlier answer counts in its place. Take
the last line that begins with "Answer:" first, and then look at its length."""


def check(answer, text):
    lines = [line for line in text.split("\n") if line.startswith("Answer:") and len(line) <= 100]
    if not lines:
        return False
    given = lines[-1].removeprefix("Answer:").strip()
    found = re.fullmatch(r"([+-]?)\$?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)?\.?", given)
    if not found:
        return False
    sign, whole, decimals = found.groups(default="")
    return Fraction(sign + whole.replace(",", "") + decimals) == Fraction(answer)
