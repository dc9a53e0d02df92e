"""`where` does not learn of the new pairs. When one of them is joined later, its words are not found."""


def update(words, times, counts, where, pair):
    for index in where.pop(pair):
        before, after = words[index], join(words[index], pair)
        for old in pairwise(before):
            counts[old] -= times[index]
            if counts[old] == 0:
                del counts[old]
        for new in pairwise(after):
            counts[new] = counts.get(new, 0) + times[index]
        words[index] = after
