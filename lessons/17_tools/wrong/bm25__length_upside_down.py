"""The length of the passage and the mean length are exchanged: a long passage should count less."""


def bm25(query, passages):
    mean = sum(map(len, passages)) / len(passages)
    scores = [0.0] * len(passages)
    for word in query:
        times = [list(passage).count(word) for passage in passages]
        n = sum(tf > 0 for tf in times)
        idf = math.log(1 + (len(passages) - n + 0.5) / (n + 0.5))
        for i, tf in enumerate(times):
            if tf:
                scores[i] += idf * tf / (tf + 1.2 * (0.25 + 0.75 * mean / len(passages[i])))
    return scores
