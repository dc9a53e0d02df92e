"""Byte-level BPE: text to token ids and back. No text is ever unknown, and none is ever lost.

    >>> from minirl.tokenizer import Tokenizer
    >>> tok = Tokenizer.train(texts, 1024)             # any iterable of str
    >>> ids = tok.encode("Roger has 5 tennis balls.")  # a list of int; encode_array gives an int32 array
    >>> tok.decode(ids)
    'Roger has 5 tennis balls.'
    >>> tok.save("tokenizer.json")                     # Hugging Face's format

Read on in this order: bpe.py (the whole idea, a page), pretokenize.py (where words begin), special.py (tokens that
ordinary text never becomes), tokenizer.py (the class), huggingface.py (the file). native.py calls the C code, which
does the same fast; learn.py and batch.py feed it. surrogates.py handles strings that are not valid Unicode.
"""

from minirl.tokenizer.pretokenize import DEFAULT_PATTERN, PATTERNS
from minirl.tokenizer.special import DEFAULT_SPECIAL_TOKENS
from minirl.tokenizer.stream import StreamDecoder
from minirl.tokenizer.tokenizer import Tokenizer

__all__ = ["DEFAULT_PATTERN", "DEFAULT_SPECIAL_TOKENS", "PATTERNS", "StreamDecoder", "Tokenizer"]
