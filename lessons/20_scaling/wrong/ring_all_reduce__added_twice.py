"""This adds in the second round too. What comes then is complete: it replaces the own chunk."""


def ring_all_reduce(rank, size, x, send, receive):
    chunks = np.array_split(x.copy(), size)
    for step in range(size - 1):
        send(chunks[(rank - step) % size])
        chunks[(rank - step - 1) % size] += receive()
    for step in range(size - 1):
        send(chunks[(rank + 1 - step) % size])
        chunks[(rank - step) % size] += receive()
    return np.concatenate(chunks)
