"""A whole unit of the last decimal is allowed, so 8 is explained by 7.1. Rounding is off by half a unit at most."""


def untraced(page, known):
    found = []
    for text in re.findall(NUMBER, re.sub(CODE, " ", page)):
        size = float(text.replace(",", "").lstrip("-−"))
        allowed = 1 / 10 ** len(text.partition(".")[2]) + 1e-9
        if not any(abs(abs(one) - size) <= allowed for one in known):
            found.append(text)
    return found
