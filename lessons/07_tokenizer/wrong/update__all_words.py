"""The result is right, but all words are looked at. Most words do not hold the pair. `where` tells which ones do, and
that is what makes training fast."""


def update(words, times, counts, where, pair):
    for index in range(len(words)):
        before, after = words[index], join(words[index], pair)
        for old in pairwise(before):
            counts[old] -= times[index]
            if counts[old] == 0:
                del counts[old]
        for new in pairwise(after):
            counts[new] = counts.get(new, 0) + times[index]
            where.setdefault(new, set()).add(index)
        words[index] = after
