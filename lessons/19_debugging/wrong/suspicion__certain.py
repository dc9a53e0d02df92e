"""The likeliest cause gets the probability 1. It is often the right one. But where two causes look alike it is a guess,
and a wrong guess that was certain costs more than twenty right ones bring in."""


def suspicion(measures, known):
    beliefs = dict.fromkeys(known, 1 / len(known))
    for name, value in measures.items():
        found = finding(value, [run[name] for run in known["healthy"]])
        beliefs = update(beliefs, chances(name, known)[found])
    best = max(beliefs, key=beliefs.get)
    return {cause: float(cause == best) for cause in known}
