"""The argument holds the mark that ends the call. That mark is the last token so far: leave it out."""


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
        wrong = {marks.call, marks.result, marks.end_result, marks.end} if inside else {
            marks.end_call, marks.result, marks.end_result
        }  # fmt: skip
        if token in wrong:
            return tokens, forced, False
        if token == marks.end:
            return tokens, forced, True
        if chosen == limit:
            return tokens, forced, False
        if token == marks.call:
            begun = len(tokens)
        if token == marks.end_call:
            result = [marks.result, *call(tokens[begun:]), marks.end_result]
            tokens += result
            forced += [True] * len(result)
            begun = None
