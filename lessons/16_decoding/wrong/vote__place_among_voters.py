"""This counts places among the samples that voted. Samples without an answer have a place too: look the answer up in
`answers`."""


def vote(answers):
    counts = Counter(answer for answer in answers if answer is not None)
    if not counts:
        return None
    most = max(counts.values())
    voters = [answer for answer in answers if answer is not None]
    return voters.index(min(answer for answer, votes in counts.items() if votes == most))
