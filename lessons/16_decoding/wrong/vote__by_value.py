"""Of equally frequent answers this takes the smallest number. In the alphabet, "10" comes before "2": answers are
texts, and need not be numbers."""


def vote(answers):
    counts = Counter(answer for answer in answers if answer is not None)
    if not counts:
        return None
    most = max(counts.values())
    best = [answer for answer, votes in counts.items() if votes == most]
    return answers.index(min(best, key=lambda one: (len(one), one)))
