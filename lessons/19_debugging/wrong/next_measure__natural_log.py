"""The gain is not in points: it has to be multiplied by 100 / log n, as in `points`, before a price can be taken from
it."""


def next_measure(beliefs, table, prices):
    best, most = None, 0.0
    for name, findings in table.items():
        gain = 0.0
        for chance in findings.values():
            total = sum(beliefs[cause] * chance[cause] for cause in beliefs)
            gain += sum(b * chance[c] * math.log(chance[c] / total) for c, b in beliefs.items() if b > 0)
        if gain - prices[name] > most:
            best, most = name, gain - prices[name]
    return best
