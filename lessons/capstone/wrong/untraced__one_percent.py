"""A distance of one percent is allowed. How near is near enough depends on how many decimals the page writes, and not
on the size of the number."""


def untraced(page, known):
    found = []
    for text in re.findall(NUMBER, re.sub(CODE, " ", page)):
        size = float(text.replace(",", "").lstrip("-−"))
        if not any(abs(abs(one) - size) <= 0.01 * size + 1e-9 for one in known):
            found.append(text)
    return found
