"""Pairs that are gone stay in `counts` with the count 0. Delete them: otherwise best_pair may choose one when nothing
else is left."""


def update(words, times, counts, where, pair):
    for index in where.pop(pair):
        before, after = words[index], join(words[index], pair)
        for old in pairwise(before):
            counts[old] -= times[index]
        for new in pairwise(after):
            counts[new] = counts.get(new, 0) + times[index]
            where.setdefault(new, set()).add(index)
        words[index] = after
