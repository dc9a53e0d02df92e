"""A finished answer takes the place of a beginning here: of `width` extensions that are kept, those that end count
too. Go on until `width` others are kept."""


def beam_search(log_probs, width, longest, alpha, end):
    live = [((), 0.0)]
    finished = []
    for _ in range(longest):
        if not live:
            break
        rows = log_probs([tokens for tokens, _ in live])
        extensions = [
            ((*tokens, token), total + float(row[token]))
            for (tokens, total), row in zip(live, rows, strict=True)
            for token in range(len(row))
        ]
        extensions.sort(key=lambda one: -one[1])
        best = extensions[:width]
        finished += [(tokens, total / len(tokens) ** alpha) for tokens, total in best if tokens[-1] == end]
        live = [(tokens, total) for tokens, total in best if tokens[-1] != end]
    return sorted(finished, key=lambda one: -one[1])[:width]
