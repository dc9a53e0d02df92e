"""This goes around once. Then each rank has one chunk that is complete, and the other chunks are sums of some
ranks. The second round spreads the complete ones."""


def ring_all_reduce(rank, size, x, send, receive):
    chunks = np.array_split(x.copy(), size)
    for step in range(size - 1):
        send(chunks[(rank - step) % size])
        chunks[(rank - step - 1) % size] += receive()
    return np.concatenate(chunks)
