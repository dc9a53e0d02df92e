"""A term whose chance is 0 is 0 too. It has to be left out, because log 0 is no number."""


def next_measure(beliefs, table, prices):
    best, most = None, 0.0
    for name, findings in table.items():
        gain = 0.0
        for chance in findings.values():
            total = sum(beliefs[cause] * chance[cause] for cause in beliefs)
            terms = [(b * chance[c], chance[c]) for c, b in beliefs.items()]
            gain += sum(joint * math.log(c / total) for joint, c in terms)
        gain *= 100 / math.log(len(beliefs))
        if gain - prices[name] > most:
            best, most = name, gain - prices[name]
    return best
