"""The signs are compared too. A page may say "3.2 worse" of -3.2."""


def untraced(page, known):
    found = []
    for text in re.findall(NUMBER, re.sub(CODE, " ", page)):
        size = float(text.replace(",", "").replace("−", "-"))
        allowed = 0.5 / 10 ** len(text.partition(".")[2]) + 1e-9
        if not any(abs(one - size) <= allowed for one in known):
            found.append(text)
    return found
