"""Of equally frequent answers this takes the last in the alphabet; it is the first that wins."""


def vote(answers):
    counts = Counter(answer for answer in answers if answer is not None)
    if not counts:
        return None
    most = max(counts.values())
    return answers.index(max(answer for answer, votes in counts.items() if votes == most))
