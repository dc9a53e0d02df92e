"""Marks in the wrong place are let through. A model that writes a result by itself would then be paid for a made-up
one."""


def answer_with(act, call, prompt, limit, marks):
    tokens: Tokens = []
    forced: list[bool] = []
    begun = None  # where the argument begins
    chosen = 0
    while True:
        token = act([*prompt, *tokens])
        tokens.append(token)
        forced.append(False)
        chosen += 1
        inside = begun is not None
        if token == marks.end_call and not inside:
            return tokens, forced, False
        if token == marks.end and not inside:
            return tokens, forced, True
        if chosen == limit:
            return tokens, forced, False
        if token == marks.call:
            begun = len(tokens)
        if token == marks.end_call:
            result = [marks.result, *call(tokens[begun:-1]), marks.end_result]
            tokens += result
            forced += [True] * len(result)
            begun = None
