"""Each word counts once when the counts change. A word that occurs 5 times takes 5 from the counts of its old pairs,
and adds 5 to the counts of its new ones."""


def update(words, times, counts, where, pair):
    for index in where.pop(pair):
        before, after = words[index], join(words[index], pair)
        for old in pairwise(before):
            counts[old] -= 1
            if counts[old] <= 0:
                del counts[old]
        for new in pairwise(after):
            counts[new] = counts.get(new, 0) + 1
            where.setdefault(new, set()).add(index)
        words[index] = after
