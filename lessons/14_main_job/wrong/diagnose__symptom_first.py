"""The rewards are asked first, and the causes later. Where answers never end, or numbers cannot be copied, the rewards
are alike too: but that is a symptom. Ask in the order of the stages."""


def diagnose(metrics):
    rl = [line for line in metrics if line["stage"] == "rl"]
    if np.mean([line["informative"] for line in rl]) < 0.3:
        return "no signal"
    if np.mean([line["finished"] for line in rl]) < 0.5:
        return "never ends"
    if [line["copying"] for line in metrics if "copying" in line][-1] < 0.6:
        return "never copied"
    rewards = [line["reward"] for line in rl]
    return "collapse" if np.mean(rewards[-10:]) < 0.5 * np.mean(rewards[:3]) else "healthy"
