"""A number that stands on the page twice is reported once, or the order is lost. Keep a list, in order."""


def untraced(page, known):
    found = set()
    for text in re.findall(NUMBER, re.sub(CODE, " ", page)):
        size = float(text.replace(",", "").lstrip("-−"))
        allowed = 0.5 / 10 ** len(text.partition(".")[2]) + 1e-9
        if not any(abs(abs(one) - size) <= allowed for one in known):
            found.add(text)
    return sorted(found)
