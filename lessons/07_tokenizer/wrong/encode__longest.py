"""From the left, the longest token that fits is taken each time. This often gives fewer tokens, but not the same
ones: a text must be encoded by the joins that training made, in their order."""


def encode(chunk, ranks):
    known = {left + right for left, right in ranks}
    tokens = []
    while chunk:
        size = next((n for n in range(len(chunk), 1, -1) if chunk[:n] in known), 1)
        tokens.append(chunk[:size])
        chunk = chunk[size:]
    return tokens
