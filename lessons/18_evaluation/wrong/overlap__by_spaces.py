"""The texts are split at spaces, so that "there." with its full stop is another word than "there"."""


def overlap(training, test, n):
    def grams(text):
        words = text.lower().split()
        return set(tuple(words[i : i + n]) for i in range(len(words) - n + 1))

    wanted = grams(test)
    known = set().union(*map(grams, training))
    return len(wanted & known) / len(wanted) if wanted else 0.0
