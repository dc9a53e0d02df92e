"""A known number has to be equal here, digit by digit. A page rounds: 7.7142 explains 7.7."""


def untraced(page, known):
    texts = re.findall(NUMBER, re.sub(CODE, " ", page))
    return [text for text in texts if float(text.replace(",", "").lstrip("-−")) not in [abs(one) for one in known]]
