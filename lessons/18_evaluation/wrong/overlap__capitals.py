"""Capital letters count as other letters here. "The" and "the" are the same word for this test: text.lower()."""


def overlap(training, test, n):
    def grams(text):
        words = re.findall(r"\w+", text)
        return set(tuple(words[i : i + n]) for i in range(len(words) - n + 1))

    wanted = grams(test)
    known = set().union(*map(grams, training))
    return len(wanted & known) / len(wanted) if wanted else 0.0
