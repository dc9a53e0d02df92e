"""A tokenizer of seven tokens, the marks of tools and two letters, so that every episode with a tool can be listed."""

import numpy as np

END, TOOL, END_TOOL, RESULT, END_RESULT, A, B = range(7)
V = 7


class Letters:
    """A tokenizer of seven tokens: the marks, a and b."""

    vocab_size = V

    def __init__(self):
        marks = "<|end|>", "<|tool|>", "<|/tool|>", "<|result|>", "<|/result|>"
        self.special_tokens = {mark: number for number, mark in enumerate(marks)}

    def decode(self, ids):
        return "".join({A: "a", B: "b"}.get(int(i), "") for i in ids)

    def encode_array(self, text):
        """Errors, which hold other letters, are one b."""
        return np.array([{"a": A, "b": B}[sign] for sign in text] if set(text) <= set("ab") else [B], np.int32)


class Twice:
    """A tool with one answer: a gives aa."""

    name = "a"

    def call(self, argument):
        return "aa"
