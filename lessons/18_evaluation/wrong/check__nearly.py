"""Numbers that are nearly equal pass. Each of them is written out here, so nothing has been rounded: compare
Fractions, and ask for the very same number."""


def check(answer, text):
    lines = [line for line in text.split("\n") if line.startswith("Answer:")]
    if not lines or len(lines[-1]) > 100:
        return False
    given = lines[-1].removeprefix("Answer:").strip()
    found = re.fullmatch(r"([+-]?)\$?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)?\.?", given)
    if not found:
        return False
    sign, whole, decimals = found.groups(default="")
    return abs(float(sign + whole.replace(",", "") + decimals) - float(answer)) < 1e-6
