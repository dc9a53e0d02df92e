"""Only the most likely extension of each beginning is looked at. Then beginnings never compete, and the search is
greedy. Extend each one by every token."""


def beam_search(log_probs, width, longest, alpha, end):
    live: list[tuple[Beginning, float]] = [((), 0.0)]
    finished = []
    for _ in range(longest):
        if not live:
            break
        rows = log_probs([tokens for tokens, _ in live])
        extensions = [
            ((*tokens, token), total + float(row[token]))
            for (tokens, total), row in zip(live, rows, strict=True)
            for token in [int(row.argmax())]
        ]
        extensions.sort(key=lambda one: -one[1])
        live = []
        for rank, (tokens, total) in enumerate(extensions):
            if tokens[-1] == end:
                if rank < width:
                    finished.append((tokens, total / len(tokens) ** alpha))
            elif len(live) < width:
                live.append((tokens, total))
            if rank >= width and len(live) == width:
                break
    return sorted(finished, key=lambda one: -one[1])[:width]
