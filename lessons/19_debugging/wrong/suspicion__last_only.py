"""Only the last measure counts: the beliefs begin anew with each one. Begin once, before the loop."""


def suspicion(measures, known):
    for name, value in measures.items():
        beliefs = dict.fromkeys(known, 1 / len(known))
        found = finding(value, [run[name] for run in known["healthy"]])
        beliefs = update(beliefs, chances(name, known)[found])
    return beliefs
