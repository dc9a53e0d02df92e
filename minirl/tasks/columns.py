"""Arithmetic with paper and pencil: whole numbers are added, subtracted and multiplied digit by digit, from the right.

    347 + 286: 7+6=13, 4+8+1=13, 3+2+1=6: 633           each column, and the 1 that the column before carries
    532 - 278: 12-8=4, 13-7-1=5, 5-2-1=2: 254           10 is borrowed where a digit is too small, and 1 given back
    347 * 6: 7*6=42, 4*6+4=28, 3*6+2=20: 2082           what is carried is all but the last digit
    12 * 34: 34*2: 4*2=8, 3*2=6, 68; 34*1: 4*1=4, 3*1=3, 34; 68+340: 8+0=8, 6+4=10, 3+1=4, 408: 408

The last digits of the columns, from right to left, are the result, after what the last column carries. Every step is an
equation with numbers of one or two digits, which a small model can know by heart.
"""

from itertools import zip_longest


def worked(a: int, sign: str, b: int) -> str:
    """a sign b with its columns and its result, as above. sign: +, - or *.

    Raises ValueError for another sign, for a negative number, and for a difference below 0.
    """
    if sign not in ("+", "-", "*") or a < 0 or b < 0 or (sign == "-" and a < b):
        raise ValueError(f"worked: {a} {sign} {b}; give +, - or *, whole numbers, and no difference below 0")
    if sign == "*" and min(a, b) > 9:
        return f"{a} * {b}: {long_product(max(a, b), min(a, b))}: {a * b}"
    columns, result = (
        added(a, b) if sign == "+" else subtracted(a, b) if sign == "-" else times_digit(max(a, b), min(a, b))
    )
    return f"{a} {sign} {b}: {columns}: {result}"


def added(a: int, b: int) -> tuple[str, int]:
    """The columns of a + b, and the result."""
    told, carry = [], 0
    for x, y in zip_longest(reversed(str(a)), reversed(str(b))):
        digits = [digit for digit in (x, y) if digit is not None]
        if len(digits) == 1 and not carry:  # nothing to add: the digit comes down as it is
            told.append(f"{digits[0]}={digits[0]}")
            continue
        total = sum(map(int, digits)) + carry
        told.append(f"{'+'.join(digits)}{'+1' if carry else ''}={total}")
        carry = total // 10
    return ", ".join(told), a + b


def subtracted(a: int, b: int) -> tuple[str, int]:
    """The columns of a - b, and the result."""
    told, borrowed = [], 0
    for x, y in zip_longest(map(int, reversed(str(a))), map(int, reversed(str(b))), fillvalue=0):
        top = x if x >= y + borrowed else x + 10
        told.append(f"{top}-{y}{'-1' if borrowed else ''}={top - y - borrowed}")
        borrowed = int(top > x)
    return ", ".join(told), a - b


def times_digit(a: int, digit: int) -> tuple[str, int]:
    """The columns of a * digit, and the result."""
    told, carry = [], 0
    for x in map(int, reversed(str(a))):
        total = x * digit + carry
        told.append(f"{x}*{digit}{f'+{carry}' if carry else ''}={total}")
        carry = total // 10
    return ", ".join(told), a * digit


def long_product(a: int, b: int) -> str:
    """a times each digit of b, from the right, and the sum so far after each but the first."""
    told, total = [], 0
    for place, digit in enumerate(map(int, reversed(str(b)))):
        columns, product = times_digit(a, digit)
        told.append(f"{a}*{digit}: {columns}, {product}")
        shifted = product * 10**place
        if place:
            columns, _ = added(total, shifted)
            told.append(f"{total}+{shifted}: {columns}, {total + shifted}")
        total += shifted
    return "; ".join(told)
