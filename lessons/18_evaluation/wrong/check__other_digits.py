"""Digits of other scripts pass: \d means every digit of Unicode. The task says 0 to 9."""


def check(answer, text):
    lines = [line for line in text.split("\n") if line.startswith("Answer:")]
    if not lines or len(lines[-1]) > 100:
        return False
    given = lines[-1].removeprefix("Answer:").strip()
    found = re.fullmatch(r"([+-]?)\$?(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?\.?", given)
    if not found:
        return False
    sign, whole, decimals = found.groups(default="")
    return Fraction(sign + whole.replace(",", "") + decimals) == Fraction(answer)
