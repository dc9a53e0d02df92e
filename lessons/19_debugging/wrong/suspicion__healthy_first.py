"""Before any measure, "healthy" is believed in more than the others. Here all nine causes are equally likely at first.
In a real project you would know better, and would begin with that."""


def suspicion(measures, known):
    beliefs = {cause: (3 if cause == "healthy" else 1) / (len(known) + 2) for cause in known}
    for name, value in measures.items():
        found = finding(value, [run[name] for run in known["healthy"]])
        beliefs = update(beliefs, chances(name, known)[found])
    return beliefs
