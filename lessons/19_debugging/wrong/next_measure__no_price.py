"""The price is left out: this is the measure that tells most, at any price."""


def next_measure(beliefs, table, prices):
    best, most = None, 0.0
    for name, findings in table.items():
        gain = 0.0
        for chance in findings.values():
            total = sum(beliefs[cause] * chance[cause] for cause in beliefs)
            gain += sum(b * chance[c] * math.log(chance[c] / total) for c, b in beliefs.items() if b > 0)
        if gain > most + 1e-12:
            best, most = name, gain
    return best
