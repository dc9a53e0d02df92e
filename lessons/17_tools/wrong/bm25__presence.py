"""tf is 1 for every passage that has the word. It is how often the passage has it."""


def bm25(query, passages):
    mean = sum(map(len, passages)) / len(passages)
    scores = [0.0] * len(passages)
    for word in query:
        times = [int(word in passage) for passage in passages]
        n = sum(tf > 0 for tf in times)
        idf = math.log(1 + (len(passages) - n + 0.5) / (n + 0.5))
        for i, tf in enumerate(times):
            if tf:
                scores[i] += idf * tf / (tf + 1.2 * (0.25 + 0.75 * len(passages[i]) / mean))
    return scores
