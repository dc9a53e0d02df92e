"""A line with spaces before "Answer:" counts. The line has to begin with "Answer:"."""


def check(answer, text):
    lines = [line.strip() for line in text.split("\n") if line.strip().startswith("Answer:")]
    if not lines or len(lines[-1]) > 100:
        return False
    given = lines[-1].removeprefix("Answer:").strip()
    found = re.fullmatch(r"([+-]?)\$?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)?\.?", given)
    if not found:
        return False
    sign, whole, decimals = found.groups(default="")
    return Fraction(sign + whole.replace(",", "") + decimals) == Fraction(answer)
