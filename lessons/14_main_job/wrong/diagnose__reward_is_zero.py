"""A missing signal is recognised by rewards of 0. But rewards of any height are without a signal if all samples of a
problem get the same one. `informative` says that."""


def diagnose(metrics):
    rl = [line for line in metrics if line["stage"] == "rl"]
    if [line["copying"] for line in metrics if "copying" in line][-1] < 0.6:
        return "never copied"
    if np.mean([line["finished"] for line in rl]) < 0.5:
        return "never ends"
    rewards = [line["reward"] for line in rl]
    if max(rewards) == 0:
        return "no signal"
    return "collapse" if np.mean(rewards[-10:]) < 0.5 * np.mean(rewards[:3]) else "healthy"
