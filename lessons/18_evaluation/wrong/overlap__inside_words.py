"""The n-gram is looked for as a piece of text, so that "a ca" is found in "a cab". Compare whole words, for example
as tuples."""


def overlap(training, test, n):
    words = re.findall(r"\w+", test.lower())
    wanted = set(" ".join(words[i : i + n]) for i in range(len(words) - n + 1))
    known = [" ".join(re.findall(r"\w+", text.lower())) for text in training]
    return sum(any(gram in text for text in known) for gram in wanted) / len(wanted) if wanted else 0.0
