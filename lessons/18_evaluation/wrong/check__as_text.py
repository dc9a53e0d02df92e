"""The answers are compared as texts. 18.0, +18 and $18 are the number 18: compare Fractions."""


def check(answer, text):
    lines = [line for line in text.split("\n") if line.startswith("Answer:")]
    return bool(lines) and lines[-1].removeprefix("Answer:").strip().removesuffix(".") == answer
