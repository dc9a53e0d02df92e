"""Only the count of the joined pair changes. Its neighbours have new neighbours now: the pairs on the left and on the
right of it are gone, and two new ones have come."""


def update(words, times, counts, where, pair):
    for index in where.pop(pair):
        words[index] = join(words[index], pair)
        for new in pairwise(words[index]):
            where.setdefault(new, set()).add(index)
    del counts[pair]
