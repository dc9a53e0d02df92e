"""The last n-gram of each text is missing. A text of m words has m - n + 1 of them."""


def overlap(training, test, n):
    def grams(text):
        words = re.findall(r"\w+", text.lower())
        return set(tuple(words[i : i + n]) for i in range(len(words) - n))

    wanted = grams(test)
    known = set().union(*map(grams, training))
    return len(wanted & known) / len(wanted) if wanted else 0.0
