"""It never stops: where no measure is worth its price, the answer is None."""


def next_measure(beliefs, table, prices):
    worth = {}
    for name, findings in table.items():
        gain = 0.0
        for chance in findings.values():
            total = sum(beliefs[cause] * chance[cause] for cause in beliefs)
            gain += sum(b * chance[c] * math.log(chance[c] / total) for c, b in beliefs.items() if b > 0)
        worth[name] = 100 * gain / math.log(len(beliefs)) - prices[name]
    return max(worth, key=worth.get, default=None)
