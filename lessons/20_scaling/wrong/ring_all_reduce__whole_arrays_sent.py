"""This sends all of x in each step, and takes one chunk of it. In a ring only one chunk goes from rank to
rank in a step."""


def ring_all_reduce(rank, size, x, send, receive):
    places = np.array_split(np.arange(len(x)), size)
    total = x.copy()
    for step in range(size - 1):
        send(total)
        place = places[(rank - step - 1) % size]
        total[place] += receive()[place]
    for step in range(size - 1):
        send(total)
        place = places[(rank - step) % size]
        total[place] = receive()[place]
    return total
