"""This takes the measure with the most gain per point of its price. What counts is what is left: the gain minus the
price. A tiny gain for a tiny price leaves little."""


def next_measure(beliefs, table, prices):
    best, most = None, 1.0
    for name, findings in table.items():
        gain = 0.0
        for chance in findings.values():
            total = sum(beliefs[cause] * chance[cause] for cause in beliefs)
            terms = [(b * chance[c], chance[c]) for c, b in beliefs.items() if b * chance[c] > 0]
            gain += sum(joint * math.log(c / total) for joint, c in terms)
        gain *= 100 / math.log(len(beliefs))
        if gain / prices[name] > most:
            best, most = name, gain / prices[name]
    return best
