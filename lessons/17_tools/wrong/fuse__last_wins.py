"""A passage that several rankings have gets its score from the last of them. Add the scores up."""


def fuse(rankings):
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, passage in enumerate(ranking, start=1):
            scores[passage] = 1 / (60 + rank)
    return sorted(scores, key=lambda passage: (-scores[passage], passage))
