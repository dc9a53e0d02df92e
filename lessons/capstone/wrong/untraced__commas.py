"""A comma is taken for the decimal point: 1,200 becomes 1.2. In these pages a comma separates thousands."""


def untraced(page, known):
    found = []
    for text in re.findall(NUMBER, re.sub(CODE, " ", page)):
        size = float(text.replace(".", "").replace(",", ".").lstrip("-−")) if "," in text else float(text.lstrip("-−"))
        allowed = 0.5 / 10 ** len(text.partition(".")[2]) + 1e-9
        if not any(abs(abs(one) - size) <= allowed for one in known):
            found.append(text)
    return found
