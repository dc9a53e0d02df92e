"""The pieces here have 128 bytes. That is a line of the cache, which has four sectors, and memory can hand out each
of them alone: a piece has 32 bytes."""


def sectors(addresses):
    return len({address // 128 for address in addresses})
