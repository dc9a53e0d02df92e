"""Numbers in backquotes are found too. They are commands and settings: replace what matches CODE by a space first."""


def untraced(page, known):
    found = []
    for text in re.findall(NUMBER, page):
        size = float(text.replace(",", "").lstrip("-−"))
        allowed = 0.5 / 10 ** len(text.partition(".")[2]) + 1e-9
        if not any(abs(abs(one) - size) <= allowed for one in known):
            found.append(text)
    return found
