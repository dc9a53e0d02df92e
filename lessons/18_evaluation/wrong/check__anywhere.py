"""The number is taken from any line. Only a line that begins with "Answer:" is an answer."""


def check(answer, text):
    found = re.findall(r"[+-]?\$?[0-9][0-9,]*(?:\.[0-9]+)?", text)
    return bool(found) and Fraction(found[-1].replace(",", "").replace("$", "")) == Fraction(answer)
