"""The rarity of words is left out: idf makes a rare word count more than one that every passage has."""


def bm25(query, passages):
    mean = sum(map(len, passages)) / len(passages)
    scores = [0.0] * len(passages)
    for word in query:
        times = [list(passage).count(word) for passage in passages]
        for i, tf in enumerate(times):
            if tf:
                scores[i] += tf / (tf + 1.2 * (0.25 + 0.75 * len(passages[i]) / mean))
    return scores
