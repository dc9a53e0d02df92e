"""This is how uncertain the finding is, not what it tells about the cause. Noise is uncertain, too. Inside the
logarithm stands chance / total."""


def next_measure(beliefs, table, prices):
    best, most = None, 0.0
    for name, findings in table.items():
        gain = 0.0
        for chance in findings.values():
            total = sum(beliefs[cause] * chance[cause] for cause in beliefs)
            gain -= total * math.log(total) if total else 0.0
        worth = 100 * gain / math.log(len(beliefs)) - prices[name]
        if worth > most:
            best, most = name, worth
    return best
