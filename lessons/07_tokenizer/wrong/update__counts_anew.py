"""All words are joined and counted anew, which is what `update` is to save, and `where` does not learn of the new
pairs. Change only the words in where[pair], their pairs in `counts`, and their places in `where`."""


def update(words, times, counts, where, pair):
    words[:] = [join(word, pair) for word in words]
    new = count_pairs(words, times)
    counts.clear()
    counts.update(new)
