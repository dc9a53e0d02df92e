"""This counts each way in which the votes can fall once. The same counts can come about in many orders, k! / (c0!
c1! ...) of them."""


def vote_chance(chances, k):
    total = 0.0
    for counts in all_counts(len(chances), k):
        most = max(counts)
        if counts[0] == most:
            orders = math.factorial(k)
            for votes in counts:
                orders //= math.factorial(votes)
            chance = math.prod(p**votes for p, votes in zip(chances, counts, strict=True))
            total += chance / counts.count(most)
    return total
