"""The length of the passage is left out. Long passages hold more words of any kind, and so get better scores than
they deserve."""


def bm25(query, passages):
    scores = [0.0] * len(passages)
    for word in query:
        times = [list(passage).count(word) for passage in passages]
        n = sum(tf > 0 for tf in times)
        idf = math.log(1 + (len(passages) - n + 0.5) / (n + 0.5))
        for i, tf in enumerate(times):
            if tf:
                scores[i] += idf * tf / (tf + 1.2)
    return scores
