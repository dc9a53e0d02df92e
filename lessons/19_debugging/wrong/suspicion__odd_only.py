"""Only odd findings count here, and usual ones are passed over. But a usual reading tells much: it speaks against every
bug that would have made it odd. Without it, a healthy run can never be told from a sick one."""


def suspicion(measures, known):
    beliefs = dict.fromkeys(known, 1 / len(known))
    for name, value in measures.items():
        found = finding(value, [run[name] for run in known["healthy"]])
        if found != "usual":
            beliefs = update(beliefs, chances(name, known)[found])
    return beliefs
