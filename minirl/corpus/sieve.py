"""One document through all that looks at it alone: form, mending, pieces, rules, signature. It runs in worker
processes."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from minirl.corpus.forms import FORMS
from minirl.corpus.mending import mend
from minirl.corpus.mending.pieces import pieces
from minirl.corpus.page import Page
from minirl.corpus.raw import Raw, ReadError
from minirl.corpus.rules import Rule, rules, verdict
from minirl.corpus.settings import Settings
from minirl.corpus.signature import BANDS, bands, digest

Array = np.ndarray

SAMPLES, SHOWN = 3, 160  # documents shown for each rule, and characters of them


@dataclass
class Counts:
    """What happened to documents: for the report."""

    read: int = 0
    """Raw documents."""
    characters: int = 0
    """Of the raw documents."""
    pieces: int = 0
    kept: int = 0
    kept_bytes: int = 0
    unreadable: list[str] = field(default_factory=list)
    mended: Counter[str] = field(default_factory=Counter)
    """By step, the documents that it changed."""
    dropped: Counter[str] = field(default_factory=Counter)
    """By rule, the pieces that it dropped."""
    dropped_bytes: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[list[str]]] = field(default_factory=dict)
    """By rule, a few of them: name, reason, how the text begins."""

    def add(self, other: "Counts") -> None:
        """Count what another counted too."""
        for name in ("read", "characters", "pieces", "kept", "kept_bytes"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.unreadable += other.unreadable
        for name in ("mended", "dropped", "dropped_bytes"):
            getattr(self, name).update(getattr(other, name))
        for rule, samples in other.samples.items():
            self.sample(rule, samples)

    def sample(self, rule: str, samples: list[list[str]]) -> None:
        """Keep the first samples of a rule."""
        kept = self.samples.setdefault(rule, [])
        kept += samples[: SAMPLES - len(kept)]


@dataclass
class Sieved:
    """The pieces of a batch that were kept: names and texts, digests (n,) uint64, bands (14, n) uint64."""

    names: list[str]
    texts: list[str]
    digests: Array
    bands: Array
    counts: Counts


class Sieve:
    """The steps and rules that settings ask for."""

    def __init__(self, settings: Settings, contamination: Rule | None) -> None:
        """Raises ValueError for a language that is not known."""
        self.settings, self.without = settings, frozenset(settings.without)
        self.rules = rules(settings.language, contamination, self.without)

    def __call__(self, batch: list[Raw]) -> Sieved:
        """A batch of documents, in their order. Raises ReadError for one that cannot be read, unless settings say
        skip."""
        counts, names, texts, signatures = Counts(), list[str](), list[str](), list[Array]()
        for raw in batch:
            counts.read += 1
            counts.characters += len(raw.text)
            try:
                text, changed = mend(FORMS[raw.form](raw.text), self.without)
            except ReadError as error:
                if self.settings.errors == "stop":
                    raise ReadError(f"{raw.name}: {error}") from None
                counts.unreadable.append(f"{raw.name}: {error}")
                continue
            counts.mended.update(changed)
            for number, piece in enumerate(pieces(text), start=1):
                counts.pieces += 1
                page = Page(piece)
                objection = verdict(page, self.rules)
                size = len(piece.encode("utf-8", "replace"))
                if objection is not None:
                    rule, reason = objection
                    counts.dropped[rule] += 1
                    counts.dropped_bytes[rule] += size
                    counts.sample(rule, [[f"{raw.name}, piece {number}", reason, piece[:SHOWN]]])
                    continue
                counts.kept += 1
                counts.kept_bytes += size
                names.append(f"{raw.name}, piece {number}")
                texts.append(piece)
                signatures.append(bands(page) if self.settings.near_duplicates else np.zeros(0, np.uint64))
        columns = np.zeros((BANDS if self.settings.near_duplicates else 0, len(texts)), np.uint64)
        for place, signature in enumerate(signatures):
            columns[:, place] = signature
        return Sieved(names, texts, np.array([digest(text) for text in texts], np.uint64), columns, counts)
