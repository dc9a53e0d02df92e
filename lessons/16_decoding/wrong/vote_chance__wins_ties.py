"""Answer 0 wins every tie here. Where m answers share the first place, it wins in one of m cases."""


def vote_chance(chances, k):
    total = 0.0
    for counts in all_counts(len(chances), k):
        most = max(counts)
        if counts[0] == most:
            orders = math.factorial(k)
            for votes in counts:
                orders //= math.factorial(votes)
            chance = math.prod(p**votes for p, votes in zip(chances, counts, strict=True))
            total += orders * chance
    return total
