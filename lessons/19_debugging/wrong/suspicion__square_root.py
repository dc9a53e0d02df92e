"""The beliefs are too timid: each chance counts only by its square root. Multiply by the chance itself."""


def suspicion(measures, known):
    beliefs = dict.fromkeys(known, 1 / len(known))
    for name, value in measures.items():
        found = finding(value, [run[name] for run in known["healthy"]])
        chance = chances(name, known)[found]
        beliefs = update(beliefs, {cause: math.sqrt(chance[cause]) for cause in known})
    return beliefs
