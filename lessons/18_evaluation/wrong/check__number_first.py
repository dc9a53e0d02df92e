"""An earlier answer counts where the last line that begins with "Answer:" holds no number. The model has taken its
answer back: choose the line first, and then read it."""


def check(answer, text):
    lines = [line for line in text.split("\n") if line.startswith("Answer:")]
    for line in reversed(lines):
        given = line.removeprefix("Answer:").strip()
        found = re.fullmatch(r"([+-]?)\$?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)?\.?", given)
        if found and len(line) <= 100:
            sign, whole, decimals = found.groups(default="")
            return Fraction(sign + whole.replace(",", "") + decimals) == Fraction(answer)
    return False
