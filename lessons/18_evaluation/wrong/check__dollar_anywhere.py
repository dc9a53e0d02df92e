"""The dollar sign is taken out wherever it stands, so that "1$8" is 18. It may stand in one place only: after the
sign, before the digits."""


def check(answer, text):
    lines = [line for line in text.split("\n") if line.startswith("Answer:")]
    if not lines or len(lines[-1]) > 100:
        return False
    given = lines[-1].removeprefix("Answer:").strip().replace("$", "")
    found = re.fullmatch(r"([+-]?)([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)?\.?", given)
    if not found:
        return False
    sign, whole, decimals = found.groups(default="")
    return Fraction(sign + whole.replace(",", "") + decimals) == Fraction(answer)
