"""Numbers have one digit here, so 12 + 30 = 42 reads as 2 + 3, or not at all. [0-9]+ reads as many digits as there
are."""


def false_equations(text):
    wrong = 0
    for found in re.finditer(r"([0-9]) ([-+*]) ([0-9]) = ([0-9])", text):
        a, b, result = int(found[1]), int(found[3]), int(found[4])
        value = {"+": a + b, "-": a - b, "*": a * b}[found[2]]
        wrong += value != result
    return wrong
