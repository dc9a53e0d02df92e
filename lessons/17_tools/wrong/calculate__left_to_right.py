"""This goes from left to right without looking at the signs, so 2 + 3 * 4 becomes 20. Products come first."""


def calculate(text):
    parts = re.findall(r"[0-9]+|[-+*()]|[^ ]", text)
    at = 0

    def factor() -> int:
        nonlocal at
        part = parts[at]
        at += 1
        if part == "(":
            value = total()
            if parts[at] != ")":
                raise ValueError
            at += 1
            return value
        if not re.fullmatch("[0-9]+", part):
            raise ValueError
        return int(part)

    def product() -> int:
        nonlocal at
        value = factor()
        while False:
            at += 1
            value *= factor()
        return value

    def total() -> int:
        nonlocal at
        value = product()
        while at < len(parts) and parts[at] in ("+", "-", "*"):
            sign = parts[at]
            at += 1
            other = product()
            value = {"+": value + other, "-": value - other, "*": value * other}[sign]
        return value

    try:
        value = total()
    except (ValueError, IndexError):
        return "error: not arithmetic"
    return str(value) if at == len(parts) else "error: not arithmetic"
