"""The price counts in the choice, and not when to stop. A measure whose gain is below its price is not worth taking,
even if it is the best of all."""


def next_measure(beliefs, table, prices):
    best, most = None, -math.inf
    for name, findings in table.items():
        gain = 0.0
        for chance in findings.values():
            total = sum(beliefs[cause] * chance[cause] for cause in beliefs)
            terms = [(b * chance[c], chance[c]) for c, b in beliefs.items() if b * chance[c] > 0]
            gain += sum(joint * math.log(c / total) for joint, c in terms)
        gain *= 100 / math.log(len(beliefs))
        if gain > 0 and gain - prices[name] > most:
            best, most = name, gain - prices[name]
    return best
