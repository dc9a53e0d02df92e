"""Votes that end in a tie are lost here. Where answer 0 shares the first place with others, it wins in one of so
many cases."""


def vote_chance(chances, k):
    total = 0.0
    for counts in all_counts(len(chances), k):
        most = max(counts)
        if counts[0] == most and counts.count(most) == 1:
            orders = math.factorial(k)
            for votes in counts:
                orders //= math.factorial(votes)
            chance = math.prod(p**votes for p, votes in zip(chances, counts, strict=True))
            total += orders * chance
    return total
