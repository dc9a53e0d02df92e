"""A tie counts a half here, however many answers share the first place. Of three, each wins in one of three cases."""


def vote_chance(chances, k):
    total = 0.0
    for counts in all_counts(len(chances), k):
        most = max(counts)
        if counts[0] == most:
            orders = math.factorial(k)
            for votes in counts:
                orders //= math.factorial(votes)
            chance = math.prod(p**votes for p, votes in zip(chances, counts, strict=True))
            total += orders * chance / (1 if counts.count(most) == 1 else 2)
    return total
