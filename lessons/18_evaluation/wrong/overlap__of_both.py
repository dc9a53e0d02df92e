"""This divides by all n-grams of both, the test text and the training texts. The question is how much of the test
text is known: divide by its own n-grams."""


def overlap(training, test, n):
    def grams(text):
        words = re.findall(r"\w+", text.lower())
        return set(tuple(words[i : i + n]) for i in range(len(words) - n + 1))

    wanted = grams(test)
    known = set().union(*map(grams, training))
    return len(wanted & known) / len(wanted | known) if wanted else 0.0
