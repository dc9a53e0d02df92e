"""The new pairs are added, and the old pairs of the words are not taken away. Take away all pairs of the word as it
was, and add all pairs of the word as it is."""


def update(words, times, counts, where, pair):
    for index in where.pop(pair):
        after = join(words[index], pair)
        for new in pairwise(after):
            counts[new] = counts.get(new, 0) + times[index]
            where.setdefault(new, set()).add(index)
        words[index] = after
