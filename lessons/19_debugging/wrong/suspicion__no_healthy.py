"""The healthy run is left out: it gets the probability 0 whatever the measures say. One run in nine is healthy here,
and outside of this lesson most are."""


def suspicion(measures, known):
    beliefs = {cause: 0.0 if cause == "healthy" else 1 / (len(known) - 1) for cause in known}
    for name, value in measures.items():
        found = finding(value, [run[name] for run in known["healthy"]])
        beliefs = update(beliefs, chances(name, known)[found])
    return beliefs
