"""Everything is compared as if it were written without decimals. A page that says 7.70 claims more than one that
says 8: its decimals decide how near a known number has to be."""


def untraced(page, known):
    texts = re.findall(NUMBER, re.sub(CODE, " ", page))

    def size(text):
        return float(text.replace(",", "").lstrip("-−"))

    return [text for text in texts if not any(abs(abs(one) - size(text)) <= 0.5 + 1e-9 for one in known)]
