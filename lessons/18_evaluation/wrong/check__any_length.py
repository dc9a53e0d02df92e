"""The length of the line is not looked at. A line of more than 100 characters gives no answer: nobody writes one, and
a checker must not be kept busy by one."""


def check(answer, text):
    lines = [line for line in text.split("\n") if line.startswith("Answer:")]
    if not lines:
        return False
    given = lines[-1].removeprefix("Answer:").strip()
    found = re.fullmatch(r"([+-]?)\$?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)?\.?", given)
    if not found:
        return False
    sign, whole, decimals = found.groups(default="")
    return Fraction(sign + whole.replace(",", "") + decimals) == Fraction(answer)
