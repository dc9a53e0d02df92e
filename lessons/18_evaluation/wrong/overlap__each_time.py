"""An n-gram that occurs twice in the test text counts twice. Each different one counts once: collect them in a
set."""


def overlap(training, test, n):
    def grams(text):
        words = re.findall(r"\w+", text.lower())
        return list(tuple(words[i : i + n]) for i in range(len(words) - n + 1))

    wanted = grams(test)
    known = {gram for text in training for gram in grams(text)}
    return sum(gram in known for gram in wanted) / len(wanted) if wanted else 0.0
