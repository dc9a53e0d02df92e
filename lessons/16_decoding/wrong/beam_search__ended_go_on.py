"""A text that has ended goes on here, so it has tokens after its end. What is finished is no beginning of the next
step."""


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
        live = extensions[:width]
        finished += [(tokens, total / len(tokens) ** alpha) for tokens, total in live if tokens[-1] == end]
    return sorted(finished, key=lambda one: -one[1])[:width]
