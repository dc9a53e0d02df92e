"""The whole array goes around here, and each rank adds what it receives to its sum. Each then adds in another
order, and the last bits differ from rank to rank; and more is sent than needed. Cut x into chunks."""


def ring_all_reduce(rank, size, x, send, receive):
    total, passing = x.copy(), x
    for _ in range(size - 1):
        send(passing)
        passing = receive()
        total = total + passing
    return total
