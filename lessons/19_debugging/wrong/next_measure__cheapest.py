"""This is the cheapest of the measures that are worth their price. Take the one with the largest gain minus price."""


def next_measure(beliefs, table, prices):
    worthy = []
    for name, findings in table.items():
        gain = 0.0
        for chance in findings.values():
            total = sum(beliefs[cause] * chance[cause] for cause in beliefs)
            gain += sum(b * chance[c] * math.log(chance[c] / total) for c, b in beliefs.items() if b > 0)
        if 100 * gain / math.log(len(beliefs)) > prices[name]:
            worthy.append(name)
    return min(worthy, key=prices.get, default=None)
