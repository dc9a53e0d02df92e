"""One step is compared with one step: the last reward with the first. Each is off by chance, so a healthy run can look
like a collapse. Take means over several steps, and a bound far from both cases."""


def diagnose(metrics):
    rl = [line for line in metrics if line["stage"] == "rl"]
    if [line["copying"] for line in metrics if "copying" in line][-1] < 0.6:
        return "never copied"
    if np.mean([line["finished"] for line in rl]) < 0.5:
        return "never ends"
    if np.mean([line["informative"] for line in rl]) < 0.05:
        return "no signal"
    return "collapse" if rl[-1]["reward"] < 2 * rl[0]["reward"] else "healthy"
