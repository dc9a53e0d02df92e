r"""What a tokenizer.json does to a text before it merges anything: normal forms, patterns, spaces.

    Llama 3     one pattern (Split), then ByteLevel                             "12345" -> 123 45
    SmolLM      each digit alone (Digits), then ByteLevel with GPT-2's pattern  "12345" -> 1 2 3 4 5
    DeepSeek    three patterns, one after the other, then ByteLevel
    Qwen        NFC (normal form C: é is one character), one pattern, ByteLevel
    Llama 2     no pattern; a space becomes "▁", and one stands before the text: "a b" -> ▁a▁b

The first four are byte-level (bpe.py): text is cut into chunks, and the bytes of a chunk are merged. The last is
SentencePiece's way (character_bpe.py): characters are merged, and one without a token is written as its bytes.

Steps that are not here are refused by name. The file's own description is kept, so that saving writes it back.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from minirl.storage.strict_json import brief
from minirl.tokenizer.fields import FormatError, known, refusal
from minirl.tokenizer.pretokenize import PATTERNS, resolve

SPACE = "▁"  # stands for a space in SentencePiece's vocabularies
FORMS = ("NFC", "NFD", "NFKC", "NFKD")
Prefix = Literal["", "always", "unless there", "first"]
Form = Literal["NFC", "NFD", "NFKC", "NFKD"]


class Steps(NamedTuple):
    """What happens to plain text."""

    patterns: tuple[str, ...] = ()
    """Regular expressions, applied in turn: each cuts the chunks of the one before."""
    forms: tuple[Form, ...] = ()
    """Unicode normal forms that the text is brought into first."""
    spaces: bool = False
    """Whether a space becomes "▁"."""
    prefix: Prefix = ""
    """Whether a "▁" is put before text: before each piece between added tokens, before those that do not begin with
    one, or before the text alone."""
    words: bool = False
    """Whether each "▁" begins a chunk."""
    late: bool = False
    """Whether spaces become "▁" only after all added tokens were found; otherwise tokens may be found in what they
    have become."""

    def normalise(self, text: str) -> str:
        """The text in its normal form, in which the added tokens with the flag `normalized` are looked for."""
        for form in self.forms:
            text = unicodedata.normalize(form, text)
        return text if self.late else self._with_marks(text, True)

    def prepare(self, text: str, first: bool) -> str:
        """A piece between added tokens, ready to be merged. first: whether it begins the text."""
        return self._with_marks(text, first) if self.late else text

    def _with_marks(self, text: str, first: bool) -> str:
        if not self.spaces or not text:
            return text
        text = text.replace(" ", SPACE)
        wanted = self.prefix == "always" or (self.prefix == "first" and first) or self.prefix == "unless there"
        there = self.prefix != "always" and text.startswith(SPACE)
        return SPACE + text if wanted and not there else text

    @property
    def plain(self) -> bool:
        """Whether text is only cut."""
        return not (self.forms or self.spaces)


def read_steps(contents: Mapping[str, Any], byte_level: bool) -> Steps:
    """The steps of a tokenizer.json: its normalizer and pre_tokenizer. byte_level: whether its vocabulary is.

    Raises FormatError naming the step.
    """
    forms: list[Form] = []
    spaces, words, late = False, False, False
    prefix: Prefix = ""
    schemes: dict[str, Prefix] = {"always": "unless there", "first": "first", "never": ""}
    for step in _flat(contents.get("normalizer"), "normalizer", "normalizers"):
        kind = step.get("type")
        if kind in FORMS:
            forms.append(kind)
        elif kind == "Prepend" and step.get("prepend") == SPACE and not spaces:
            prefix = "always"
        elif kind == "Replace" and _string(step, "normalizer") == " " and step.get("content") == SPACE:
            spaces = True
        else:
            raise refusal("normalizer", step)
    steps = _flat(contents.get("pre_tokenizer"), "pre_tokenizer", "pretokenizers")
    if byte_level:
        if spaces or prefix:
            raise FormatError(f"normalizer writes spaces as {SPACE!r}, but the vocabulary is byte-level")
        return Steps(_patterns(steps), tuple(forms))
    for step in steps:
        if step.get("type") == "Metaspace" and step.get("replacement", SPACE) == SPACE and not prefix:
            scheme = step.get("prepend_scheme", "always" if step.get("add_prefix_space", True) else "never")
            if scheme not in schemes:
                raise refusal("pre_tokenizer.Metaspace.prepend_scheme", scheme)
            prefix, spaces, late = schemes[scheme], True, True
            words = step.get("split", True) is not False
        elif step.get("type") != "Split" or _string(step, "pre_tokenizer") != " " or not spaces:
            raise refusal("pre_tokenizer", step)  # a Split at spaces finds none once they are "▁": Gemma has it
    if prefix and not spaces:
        raise FormatError("normalizer puts '▁' before a text whose spaces stay spaces: minirl reads no such tokenizer")
    return Steps((), tuple(forms), spaces, prefix, words, late)


def strips_first_space(contents: Mapping[str, Any]) -> bool:
    """Whether decoding leaves out the space that was put before the text. Raises FormatError for an unknown decoder."""
    strips = False
    for step in _flat(contents.get("decoder"), "decoder", "decoders"):
        kind = step.get("type")
        if kind == "Strip" and step.get("content") == " " and step.get("start") in (0, 1) and step.get("stop") == 0:
            strips |= step["start"] == 1
        elif kind == "Metaspace":
            strips |= step.get("prepend_scheme", "always") != "never"
        elif kind not in ("ByteFallback", "Fuse") and not (kind == "Replace" and _string(step, "decoder") == SPACE):
            raise refusal("decoder", step)
    return strips


def _patterns(steps: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The patterns of a byte-level pre_tokenizer, whose last step is ByteLevel."""
    if not steps or steps[-1].get("type") != "ByteLevel":
        kind = steps[-1].get("type") if steps else None
        raise FormatError(
            f"pre_tokenizer is {brief(kind)} in the place of ByteLevel: minirl reads byte-level BPE and SentencePiece's"
        )
    patterns = []
    for step in steps[:-1]:
        kind = step.get("type")
        if kind == "Digits":
            known(
                step,
                "pre_tokenizer.Digits.",
                (
                    "type",
                    "individual_digits",
                ),
            )
            patterns.append(r"\p{N}" if step.get("individual_digits", False) else r"\p{N}+")
        elif kind == "Split":
            patterns.append(_split_pattern(step))
        elif kind == "ByteLevel":
            patterns += _byte_level(step)
        else:
            raise refusal("pre_tokenizer", step)
    return (*patterns, *_byte_level(steps[-1]))


def _byte_level(step: Mapping[str, Any]) -> list[str]:
    path = "pre_tokenizer.ByteLevel."
    known(step, path, ("type", "add_prefix_space", "trim_offsets", "use_regex"))
    for name in ("add_prefix_space", "use_regex"):
        if not isinstance(step.get(name, True), bool):
            raise FormatError(f"{path}{name} is {brief(step[name])}; expected true or false")
    if step.get("add_prefix_space", True):
        raise FormatError(
            f"{path}add_prefix_space=true, which puts a space before the text: minirl reads tokenizers without it only"
        )
    return [PATTERNS["gpt2"]] if step.get("use_regex", True) else []


def _split_pattern(step: Mapping[str, Any]) -> str:
    path = "pre_tokenizer.Split."
    known(step, path, ("type", "behavior", "pattern"))
    if step.get("behavior") != "Isolated":
        raise refusal(path + "behavior", step.get("behavior"))
    pattern = step.get("pattern")
    if not isinstance(pattern, Mapping) or len(pattern) != 1 or not {"Regex", "String"} & set(pattern):
        raise FormatError(f"{path}pattern is {brief(pattern)}; expected an object with Regex or String")
    kind, expression = next(iter(pattern.items()))
    if not isinstance(expression, str):
        raise FormatError(f"{path}pattern.{kind} is {brief(expression)}; expected a string")
    if kind == "String":
        return re.escape(expression)
    try:
        return resolve(expression)
    except ValueError as error:
        raise FormatError(f"{path}pattern.Regex: {brief(str(error))}") from error


def _flat(step: Any, path: str, inner: str) -> list[Mapping[str, Any]]:
    """The steps of a Sequence, one after the other; a single step is a sequence of one, null of none."""
    if step is None:
        return []
    if not isinstance(step, Mapping):
        raise FormatError(f"{path} is {brief(step)}; expected an object or null")
    if step.get("type") != "Sequence":
        return [step]
    listed = step.get(inner)
    if not isinstance(listed, list):
        raise FormatError(f"{path}.{inner} is {brief(listed)}; expected a list")
    for number, one in enumerate(listed):
        if not isinstance(one, Mapping):
            raise FormatError(f"{path}.{inner}[{number}] is {brief(one)}; expected an object")
    return [deeper for one in listed for deeper in _flat(one, path, inner)]


def _string(step: Mapping[str, Any], path: str) -> Any:
    pattern = step.get("pattern")
    return pattern.get("String") if isinstance(pattern, Mapping) else None
