"""This asks for more than half of all votes, as if all other answers were one. To win, it is enough to have more
votes than any other answer."""


def vote_chance(chances, k):
    total = 0.0
    for counts in all_counts(len(chances), k):
        if 2 * counts[0] >= k:
            orders = math.factorial(k)
            for votes in counts:
                orders //= math.factorial(votes)
            chance = math.prod(p**votes for p, votes in zip(chances, counts, strict=True))
            total += orders * chance / (2 if 2 * counts[0] == k else 1)
    return total
