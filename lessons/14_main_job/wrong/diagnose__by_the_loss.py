"""The collapse is looked for in the loss of reinforcement learning. Its value says nothing, in good runs and in bad
ones. Look at the reward."""


def diagnose(metrics):
    rl = [line for line in metrics if line["stage"] == "rl"]
    if [line["copying"] for line in metrics if "copying" in line][-1] < 0.6:
        return "never copied"
    if np.mean([line["finished"] for line in rl]) < 0.5:
        return "never ends"
    if np.mean([line["informative"] for line in rl]) < 0.05:
        return "no signal"
    losses = [line["loss"] for line in rl]
    return "collapse" if np.mean(losses[-10:]) > np.mean(losses[:10]) else "healthy"
