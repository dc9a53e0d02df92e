"""This returns the last sample with the winning answer; it is the first that is asked for."""


def vote(answers):
    counts = Counter(answer for answer in answers if answer is not None)
    if not counts:
        return None
    most = max(counts.values())
    best = min(answer for answer, votes in counts.items() if votes == most)
    return len(answers) - 1 - answers[::-1].index(best)
