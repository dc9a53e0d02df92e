"""This goes by the alphabet alone. The votes come first: the alphabet decides among equally frequent answers only."""


def vote(answers):
    counts = Counter(answer for answer in answers if answer is not None)
    if not counts:
        return None
    return answers.index(min(counts))
