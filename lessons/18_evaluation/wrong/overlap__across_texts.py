"""The training texts are put together into one. Then n-grams arise that reach from the end of one text into the next,
and that nobody has written."""


def overlap(training, test, n):
    def grams(text):
        words = re.findall(r"\w+", text.lower())
        return set(tuple(words[i : i + n]) for i in range(len(words) - n + 1))

    wanted = grams(test)
    known = grams(" ".join(training))
    return len(wanted & known) / len(wanted) if wanted else 0.0
