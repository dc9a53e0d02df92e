"""This has the factor k1 + 1 = 2.2 of other versions of BM25. It changes no order, but the specification leaves it
out."""


def bm25(query, passages):
    mean = sum(map(len, passages)) / len(passages)
    scores = [0.0] * len(passages)
    for word in query:
        times = [list(passage).count(word) for passage in passages]
        n = sum(tf > 0 for tf in times)
        idf = math.log(1 + (len(passages) - n + 0.5) / (n + 0.5))
        for i, tf in enumerate(times):
            if tf:
                scores[i] += 2.2 * idf * tf / (tf + 1.2 * (0.25 + 0.75 * len(passages[i]) / mean))
    return scores
