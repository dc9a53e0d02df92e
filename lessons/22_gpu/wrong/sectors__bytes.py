"""This divides the bytes that are read by 32. It is the least that could do. But the numbers may lie in more
pieces, and then each of them is handed out whole."""


def sectors(addresses):
    return -(-4 * len(set(addresses)) // 32)
