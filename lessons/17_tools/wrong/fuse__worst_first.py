"""The worst passage comes first. Sort by the largest score."""


def fuse(rankings):
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, passage in enumerate(ranking, start=1):
            scores[passage] = scores.get(passage, 0.0) + 1 / (60 + rank)
    return sorted(scores, key=lambda passage: (scores[passage], passage))
