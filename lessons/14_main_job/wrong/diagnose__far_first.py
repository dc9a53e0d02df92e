"""The distance from the start is asked before the signal. It can be large without a signal, too: at a low temperature
a small difference of two policies counts a hundredfold. First ask whether RL had anything to work with."""


def diagnose(metrics):
    rl = [line for line in metrics if line["stage"] == "rl"]
    if [line["copying"] for line in metrics if "copying" in line][-1] < 0.6:
        return "never copied"
    if np.mean([line["finished"] for line in rl]) < 0.5:
        return "never ends"
    if np.mean([line["kl_to_start"] for line in rl]) > 0.12:
        return "collapse"
    return "no signal" if np.mean([line["informative"] for line in rl]) < 0.05 else "healthy"
