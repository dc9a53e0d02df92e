"""A piece that several lanes need is counted for each of them. It is handed out once, and all of them take their
numbers from it."""


def sectors(addresses):
    return len([address // 32 for address in addresses])
