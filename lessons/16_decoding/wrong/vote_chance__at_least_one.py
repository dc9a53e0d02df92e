"""This is the chance that answer 0 comes up at all. To win a vote it has to come up more often than the others."""


def vote_chance(chances, k):
    total = 0.0
    for counts in all_counts(len(chances), k):
        if counts[0]:
            orders = math.factorial(k)
            for votes in counts:
                orders //= math.factorial(votes)
            chance = math.prod(p**votes for p, votes in zip(chances, counts, strict=True))
            total += orders * chance
    return total
