"""A pair that a word holds twice is taken away once only, or added once only: a set forgets how often it is there. Go
through all pairs of the word."""


def update(words, times, counts, where, pair):
    for index in where.pop(pair):
        before, after = words[index], join(words[index], pair)
        for old in set(pairwise(before)):
            counts[old] -= times[index]
            if counts[old] == 0:
                del counts[old]
        for new in set(pairwise(after)):
            counts[new] = counts.get(new, 0) + times[index]
            where.setdefault(new, set()).add(index)
        words[index] = after
