"""The documents that are left -> a tokenizer, shards of tokens, a manifest and a report."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

import minirl
from minirl.corpus.duplicates import Duplicates, find_duplicates
from minirl.corpus.licences import licence_of
from minirl.corpus.report import markdown
from minirl.corpus.sieve import SAMPLES
from minirl.corpus.signature import chosen
from minirl.corpus.work import Workshop
from minirl.data.document import END
from minirl.data.shards import FORMAT, MANIFEST, SHARD, VERSION, ShardWriter
from minirl.storage.checksums import digest, write_sums
from minirl.storage.files import atomic_write
from minirl.tokenizer import Tokenizer

SAMPLE = 64 << 20  # bytes of text that the tokenizer is trained on
GROUP = 256  # documents encoded at once
TOKENIZER, REPORT = "tokenizer.json", "report.md"


class EmptyCorpusError(ValueError):
    """Nothing is left to train on; the message says what removed it."""


def write(
    workshop: Workshop, out: Path, tokenizer: Tokenizer | None, missing: list[str], shard: int = SHARD
) -> dict[str, Any]:
    """Write the corpus into the folder `out`; returns the manifest. tokenizer: one to use, instead of a new one.

    missing: tasks whose test problems could not be looked for. Raises EmptyCorpusError where no document is left for
    training.
    """
    digests, bands = workshop.numbers()
    found = find_duplicates(digests, bands)
    samples = duplicate_samples(workshop, found)
    share = workshop.settings.validation
    held_out = np.array([chosen(int(number), share) for number in digests], bool)
    training = found.kept & ~held_out
    counts = workshop.counts
    if not training.any():
        removed = ", ".join(f"{rule} {n}" for rule, n in counts.dropped.most_common())
        raise EmptyCorpusError(
            f"no document is left to train on: {counts.read} were read, in {counts.pieces} pieces. Removed: "
            f"{removed or 'none'}; {int((~found.kept).sum())} repeat others; {int(held_out.sum())} are held out. "
            f"--without leaves a rule out, --explain TEXT says what would happen to a text"
        )
    if tokenizer is None:
        size = max(counts.kept_bytes, 1)
        taken = np.array([chosen(int(n) // 1_000_003, SAMPLE / size) for n in digests], bool) | (size <= SAMPLE)
        settings = workshop.settings
        texts = (text for _, text in selected(workshop, training & taken))
        tokenizer = Tokenizer.train(texts, settings.vocab_size, pattern=settings.pattern)
    out.mkdir(parents=True, exist_ok=True)
    tokenizer.save(out / TOKENIZER)
    splits = {}
    for split, wanted in (("train", training), ("valid", found.kept & held_out)):
        writer = ShardWriter(out, split, tokenizer.vocab_size, shard)
        end = np.array([tokenizer.special_tokens[END]], np.int32)
        documents = selected(workshop, wanted)
        while group := [text for _, text in islice(documents, GROUP)]:
            for text, ids in zip(group, tokenizer.encode_batch_arrays(group), strict=True):
                writer.add(np.append(ids, end), len(text.encode("utf-8", "replace")))
        writer.flush()
        splits[split] = writer.as_json()
    manifest = {
        "format": FORMAT, "version": VERSION, "minirl": minirl.__version__,
        "settings": asdict(workshop.settings),
        "sources": sources(workshop),
        "removed": {
            **{rule: {"pieces": n, "bytes": counts.dropped_bytes[rule]} for rule, n in counts.dropped.items()},
            "exact-duplicates": {"pieces": int((found.exact >= 0).sum())},
            "near-duplicates": {"pieces": int((found.near >= 0).sum())},
        },
        "mended": dict(counts.mended), "unreadable": counts.unreadable, "tests_not_looked_for": missing,
        "tokenizer": {"vocab_size": tokenizer.vocab_size, "sha256": digest(out / TOKENIZER)},
        "splits": splits,
    }  # fmt: skip
    with atomic_write(out / REPORT) as file:
        file.write(markdown(manifest, {**counts.samples, **samples}))
    with atomic_write(out / MANIFEST) as file:  # the last: a folder with a manifest is whole
        file.write(json.dumps(manifest, indent=1) + "\n")
    shards = {shard["file"]: shard["sha256"] for split in splits.values() for shard in split["shards"]}
    write_sums(out, {name: digest(out / name) for name in (TOKENIZER, REPORT, MANIFEST)} | shards)
    return manifest


def selected(workshop: Workshop, wanted: np.ndarray) -> Iterator[tuple[str, str]]:
    """Name and text of the documents that are wanted, (N,) bool."""
    for place, document in enumerate(workshop.texts()):
        if wanted[place]:
            yield document


def duplicate_samples(workshop: Workshop, found: Duplicates) -> dict[str, list[list[str]]]:
    """A few duplicates of each kind: the name, the document that is repeated, how the text begins."""
    shown = {
        rule: [(int(place), int(of[place])) for place in np.flatnonzero(of >= 0)[:SAMPLES]]
        for rule, of in (("exact-duplicates", found.exact), ("near-duplicates", found.near))
    }
    places = {place for pairs in shown.values() for pair in pairs for place in pair}
    texts: dict[int, tuple[str, str]] = {}
    if places:
        for place, document in enumerate(islice(workshop.texts(), max(places) + 1)):
            if place in places:
                texts[place] = document
    return {
        rule: [[texts[one][0], f"repeats {texts[other][0]}", texts[one][1][:160]] for one, other in pairs]
        for rule, pairs in shown.items()
    }


def sources(workshop: Workshop) -> list[dict[str, Any]]:
    """For the manifest: each source with its checksum, licence and counts."""
    listed = []
    for index, (path, sum_) in enumerate(zip(workshop.sources, workshop.sums, strict=True)):
        parts = [part.counts for part in workshop.parts if part.source == index]
        listed.append(
            {
                "path": str(path),
                "bytes": path.stat().st_size,
                "sha256": sum_,
                "licence": licence_of(path) or workshop.settings.licence or "not known",
                "documents": sum(counts.read for counts in parts),
                "pieces": sum(counts.pieces for counts in parts),
                "kept": sum(counts.kept for counts in parts),
            }
        )
    return listed


def clear(workshop: Workshop, out: Path, keep_text: bool) -> None:
    """Remove the folder of the work, or keep its texts as out/text."""
    if keep_text:
        for part in workshop.parts:
            workshop.files(part.number)[1].unlink()
        shutil.rmtree(out / "text", ignore_errors=True)
        workshop.folder.rename(out / "text")
    else:
        shutil.rmtree(workshop.folder)
