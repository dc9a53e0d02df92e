"""Where the functions of lesson 7 go into minirl: training a tokenizer, encoding and decoding."""

import numpy as np

from minirl.lessons import Seam
from minirl.lessons.lesson import find_lesson
from minirl.tokenizer import native
from minirl.tokenizer.pretokenize import split
from minirl.tokenizer.special import part

checks = find_lesson("7").module("checks")


def fit_train(train, original):
    """minirl.tokenizer.learn.learn: texts are cut into chunks here, and minirl's C trainer is not asked."""

    def fitted(texts, n_merges, *, pattern, special_tokens, **others):
        plain = (piece for text in texts for piece in part(text, special_tokens)[::2])
        chunks = [native.to_bytes(chunk) for piece in plain for chunk in split(piece, pattern)]
        if not chunks:
            return original([], n_merges, pattern=pattern, special_tokens=special_tokens, **others)
        return train(chunks, n_merges)

    return fitted


def fit_encode(encode, original):
    """Tokenizer._encode_pieces: the ids of all pieces, and how many each has."""

    def fitted(tokenizer, pieces, threads):
        if tokenizer._whole_chunks:
            return original(tokenizer, pieces, threads)
        ranks = {pair: rank for rank, pair in enumerate(tokenizer.merges)}
        ids, counts = [], []
        for piece in pieces:
            before = len(ids)
            for chunk in map(native.to_bytes, split(piece, tokenizer.pattern)):
                ids += [tokenizer._ids[token] for token in encode(chunk, ranks)]
            counts.append(len(ids) - before)
        return np.array(ids, np.int32), np.array(counts, np.int64)

    return fitted


def fit_decode(decode, original):
    """Tokenizer.decode, apart from its other ways to treat what is no UTF-8."""

    def fitted(tokenizer, ids, skip_special=False, errors="replace"):
        if errors != "replace":
            return original(tokenizer, ids, skip_special, errors)
        special = set(tokenizer.special_tokens.values()) if skip_special else set()
        return decode([int(i) for i in ids if int(i) not in special], tokenizer._tokens)

    return fitted


def bytes_in(tokenizer, pieces, threads):
    """How many bytes these pieces of text have."""
    return sum(len(native.to_bytes(piece)) for piece in pieces)


SEAMS = [
    Seam(
        "tokenizer.train",
        places=[("minirl.tokenizer.learn:learn", fit_train)],
        oracle=checks.trained,
        meter="minirl.tokenizer.learn:learn",
        unit="merges",
        work=lambda chunks, n_merges: n_merges,
        metered=lambda texts, n_merges: n_merges,
    ),
    Seam(
        "tokenizer.encode",
        places=[("minirl.tokenizer.tokenizer:Tokenizer._encode_pieces", fit_encode)],
        oracle=checks.encoded,
        meter="minirl.tokenizer.tokenizer:Tokenizer._encode_pieces",
        unit="bytes",
        work=lambda chunk, ranks: len(chunk),
        metered=bytes_in,
    ),
    Seam(
        "tokenizer.decode",
        places=[("minirl.tokenizer.tokenizer:Tokenizer.decode", fit_decode)],
        oracle=checks.decoded,
        meter="minirl.tokenizer.tokenizer:Tokenizer.decode",
        unit="texts",
    ),
]
