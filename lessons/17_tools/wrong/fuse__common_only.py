"""Passages that not all rankings have are left out. Whatever any ranking has, is in the result."""


def fuse(rankings):
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, passage in enumerate(ranking, start=1):
            scores[passage] = scores.get(passage, 0.0) + 1 / (60 + rank)
    return sorted(
        (p for p in scores if all(p in ranking for ranking in rankings)),
        key=lambda passage: (-scores[passage], passage),
    )
