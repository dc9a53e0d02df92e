"""Equations share characters here: 2 * 3 = 6 + 1 = 7 would be read as two. After one equation, go on after it."""


def false_equations(text):
    wrong = 0
    for found in re.finditer(r"(?<![0-9])(?=([0-9]+) ([-+*]) ([0-9]+) = ([0-9]+))", text):
        a, b, result = int(found[1]), int(found[3]), int(found[4])
        value = {"+": a + b, "-": a - b, "*": a * b}[found[2]]
        wrong += value != result
    return wrong
