"""The scores are divided by the number of rankings that have the passage. Then a passage gains nothing from being
found twice."""


def fuse(rankings):
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, passage in enumerate(ranking, start=1):
            scores[passage] = scores.get(passage, 0.0) + 1 / (60 + rank)
    times = {p: sum(p in ranking for ranking in rankings) for p in scores}
    scores = {p: score / times[p] for p, score in scores.items()}
    return sorted(scores, key=lambda passage: (-scores[passage], passage))
