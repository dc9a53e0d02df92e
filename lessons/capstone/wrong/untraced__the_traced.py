"""These are the numbers that are explained. The others are asked for."""


def untraced(page, known):
    found = []
    for text in re.findall(NUMBER, re.sub(CODE, " ", page)):
        size = float(text.replace(",", "").lstrip("-−"))
        allowed = 0.5 / 10 ** len(text.partition(".")[2]) + 1e-9
        if any(abs(abs(one) - size) <= allowed for one in known):
            found.append(text)
    return found
