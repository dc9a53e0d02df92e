"""The whole preparation: what comes out, the same for any number of processes and after any interruption."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from minirl.corpus import work
from minirl.corpus.prepare import Arguments, explanation, prepare
from minirl.corpus.rules.contamination import Contamination
from minirl.corpus.settings import Settings
from minirl.data.__main__ import main
from minirl.data.document import END
from minirl.data.shards import Corpus
from minirl.runs import Screen
from minirl.storage.checksums import DamagedError, check_sums
from minirl.tokenizer import Tokenizer

COMMON = ("the", "of", "and", "to", "that", "with", "have", "be", "in", "was", "for", "his", "they", "from", "which")
WORDS = [
    a + b + c for a in ("bel", "mor", "tan", "sil", "dre") for b in ("a", "i", "o", "u") for c in ("ck", "nd", "rm")
]


def story(n: int) -> str:
    """A text of 120 words, other for each n, a third of them common words of English."""
    rng = np.random.default_rng(n)
    words = [rng.choice(COMMON if rng.random() < 1 / 3 else WORDS) for _ in range(120)]
    return " ".join(words) + "."


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "LICENSE").write_text("CC BY 4.0\n")
    (folder / "a.txt").write_text("\n<|endoftext|>\n".join(story(n) for n in range(60)))
    rows = [{"text": story(n)} for n in range(50, 90)] + [{"text": "Too short."}]  # ten stories stand in both files
    (folder / "b.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder


def make(sources: Path, out: Path, **changes: object) -> Corpus:
    arguments = Arguments(
        **{"sources": (sources,), "out": out, "workers": 1, "vocab_size": 400, "validation": 0.2, **changes}
    )
    prepare(arguments, Screen(quiet=True))
    return Corpus(out)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_what_comes_out(sources, tmp_path):
    corpus = make(sources, tmp_path / "out", keep_text=True)
    check_sums(corpus.folder, ["manifest.json", "train-00000.bin", "valid-00000.bin", "tokenizer.json", "report.md"])
    corpus.check()
    manifest = corpus.manifest
    assert [source["licence"] for source in manifest["sources"]] == ["CC BY 4.0"] * 2
    assert [source["documents"] for source in manifest["sources"]] == [1, 41]
    assert manifest["removed"]["exact-duplicates"]["pieces"] == 10
    assert manifest["removed"]["length"]["pieces"] == 1
    tokenizer = Tokenizer.load(corpus.folder)
    end = tokenizer.special_tokens[END]
    found = {split: [tokenizer.decode(ids) for ids in corpus.texts(split, end)] for split in ("train", "valid")}
    assert sorted(found["train"] + found["valid"]) == sorted(story(n) for n in range(90))
    assert len(found["valid"]) == manifest["splits"]["valid"]["documents"] > 5
    report = (corpus.folder / "report.md").read_text()
    assert "| removed: exact-duplicates | 10 pieces" in report
    assert "Too short." in report
    assert (corpus.folder / "text" / "00000.jsonl").is_file()


def test_what_is_held_out_does_not_depend_on_what_else_was_read(sources, tmp_path):
    def held_out(corpus):
        tokenizer = Tokenizer.load(corpus.folder)
        return {tokenizer.decode(ids) for ids in corpus.texts("valid", tokenizer.special_tokens[END])}

    whole = held_out(make(sources, tmp_path / "whole"))
    half = held_out(make(sources / "b.jsonl", tmp_path / "half"))
    assert half == {text for text in whole if text in {story(n) for n in range(50, 90)}}


def test_the_same_bytes_from_two_processes(sources, tmp_path, monkeypatch):
    monkeypatch.setattr(work, "BATCH", 4000)
    one, two = make(sources, tmp_path / "one"), make(sources, tmp_path / "two", workers=2)
    assert files(one.folder) == files(two.folder)


@pytest.mark.parametrize("killed_after", [1, 2, 4])
def test_an_interrupted_preparation_goes_on(sources, tmp_path, monkeypatch, killed_after):
    monkeypatch.setattr(work, "BATCH", 2000)
    monkeypatch.setattr(work, "PART", 5000)
    whole = make(sources, tmp_path / "whole")
    append, calls, sieved = work.append, [], []

    def killed(path, data):
        calls.append(path)
        if len(calls) > killed_after:
            with open(path, "ab") as file:
                file.write(data[: len(data) // 2])  # the line that was being written
            raise KeyboardInterrupt
        append(path, data)

    monkeypatch.setattr(work, "append", killed)
    with pytest.raises(KeyboardInterrupt):
        make(sources, tmp_path / "again")
    monkeypatch.setattr(work, "append", append)
    call = work.Sieve.__call__
    monkeypatch.setattr(work.Sieve, "__call__", lambda self, batch: sieved.append(len(batch)) or call(self, batch))
    again = make(sources, tmp_path / "again")
    assert files(again.folder) == files(whole.folder)
    assert sum(sieved) < 42, "what was done is not done again"


def test_another_corpus_is_not_mixed_in(sources, tmp_path, monkeypatch):
    append = work.append

    def killed(path, data):
        append(path, data)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(work, "append", killed)
        with pytest.raises(KeyboardInterrupt):
            make(sources, tmp_path / "out")
    with pytest.raises(ValueError, match="the beginning of a corpus from other sources or with other settings"):
        make(sources, tmp_path / "out", language="de")
    (sources / "a.txt").write_text("other")
    with pytest.raises(ValueError, match=r"a\.txt has changed since .* was begun"):
        make(sources, tmp_path / "out")


def test_a_corpus_within_its_source_does_not_read_itself(sources, monkeypatch):
    append = work.append

    def killed(path, data):
        append(path, data)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(work, "append", killed)
        with pytest.raises(KeyboardInterrupt):
            make(sources, sources / "out")
    assert len(make(sources, sources / "out").manifest["sources"]) == 2


def test_where_nothing_was_done_yet_other_settings_begin_anew(sources, tmp_path, monkeypatch):
    def killed(path, data):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(work, "append", killed)
        with pytest.raises(KeyboardInterrupt):
            make(sources, tmp_path / "out")
    assert make(sources, tmp_path / "out", vocab_size=350).vocab_size == 350


def test_a_full_disk_loses_nothing(sources, tmp_path, monkeypatch, capsys):
    def full(path, data):
        raise OSError(28, "No space left on device", str(path))

    arguments = ["prepare", str(sources), "--out", str(tmp_path / "out"), "--workers", "1", "--vocab-size", "400"]
    with monkeypatch.context() as patch:
        patch.setattr(work, "append", full)
        assert main(arguments) == 1
    error = capsys.readouterr().err
    assert "No space left on device" in error
    assert "journal.jsonl" in error
    assert "the same command" in error
    assert main(arguments) == 0
    Corpus(tmp_path / "out").check()


def test_files_that_cannot_be_read(sources, tmp_path):
    (sources / "c.jsonl").write_text('{"text": "x"}\n{broken')
    with pytest.raises(ValueError, match=r"c\.jsonl, line 2 is no valid JSON.*--errors skip"):
        make(sources, tmp_path / "out")
    corpus = make(sources, tmp_path / "skipping", errors="skip")
    assert corpus.manifest["unreadable"][0].startswith(f"{sources / 'c.jsonl'}, line 2 is no valid JSON")
    assert "## What could not be read" in (corpus.folder / "report.md").read_text()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_named(sources, tmp_path):
    (sources / "a.txt").chmod(0)
    with pytest.raises(ValueError, match=r"a\.txt cannot be read: Permission denied; --errors skip"):
        make(sources, tmp_path / "out")


def test_nothing_left(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("Too short.")
    with pytest.raises(ValueError, match=r"no document is left to train on: 1 were read.* Removed: length 1;"):
        make(path, tmp_path / "out")


def test_settings_that_cannot_work(sources, tmp_path, capsys):
    for changes, message in [
        ({"without": ("nonsense",)}, "--without nonsense: there is no such step or rule; there are encoding"),
        ({"language": "klingon"}, "no list of words for the language 'klingon'"),
        ({"validation": 1.0}, "--validation is 1.0"),
        ({"vocab_size": 10}, "--vocab-size is 10; give 300"),
    ]:
        with pytest.raises(ValueError, match=message):
            make(sources, tmp_path / "out", **changes)
    assert main(["prepare", str(tmp_path / "nowhere"), "--out", str(tmp_path / "out")]) == 1
    assert "there is no " in capsys.readouterr().err
    make(sources, tmp_path / "out")
    with pytest.raises(ValueError, match="holds a corpus already"):
        make(sources, tmp_path / "out")


def test_a_rule_can_be_left_out_and_a_test_problem_goes(sources, tmp_path):
    from minirl import tasks

    problem = tasks.get("word_problems").problems("test", 5)[0]
    (sources / "c.txt").write_text(f"{story(200)} {problem.question} {story(201)}")
    corpus = make(sources, tmp_path / "out")
    assert corpus.manifest["removed"]["contamination"]["pieces"] == 1
    kept = make(sources, tmp_path / "kept", without=("contamination",))
    assert "contamination" not in kept.manifest["removed"]


def test_explain():
    found = explanation("Too short.", Settings(), Contamination({}))
    assert "mended: nothing" in found
    assert "2 words; expected 50 or more" in found
    assert found.endswith("removed by length")
    found = explanation(story(1).replace("The", "Thé", 1) + "\r\n", Settings(), Contamination({}))
    assert "mended: characters" in found
    assert "kept, for" in found


def test_explain_on_the_command_line(capsys):
    assert main(["prepare", "--explain", "Too short."]) == 0
    assert "removed by length" in capsys.readouterr().out


def test_damage_is_found(sources, tmp_path):
    corpus = make(sources, tmp_path / "out")
    shard = corpus.folder / "train-00000.bin"
    data = shard.read_bytes()
    shard.write_bytes(data[:-2])
    with pytest.raises(DamagedError, match=r"train-00000\.bin has .* bytes; expected"):
        Corpus(corpus.folder).read("train", 0, 10)
    shard.write_bytes(data[:-2] + b"\0\0")
    with pytest.raises(DamagedError, match=r"train-00000\.bin is missing or altered"):
        corpus.check()
    with pytest.raises(FileNotFoundError, match=r"there is no corpus in .*nowhere; `python -m minirl.data prepare"):
        Corpus(tmp_path / "nowhere")


@pytest.mark.slow
def test_memory_does_not_grow_with_the_source(tmp_path):
    """One process, a source of 60 MB: the peak stays under 500 MB."""
    path = tmp_path / "large.jsonl"
    with open(path, "w") as file:
        for n in range(6000):
            file.write(json.dumps({"text": story(n) * 12}) + "\n")
    code = (
        "import resource, sys; from minirl.data.__main__ import main; "
        f"main(['prepare', {str(path)!r}, '--out', {str(tmp_path / 'out')!r}, '--workers', '1', '--without', "
        "'repeated-words', 'repeated-lines']); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout.split()[-1]) < 500_000


def test_a_corpus_without_validation_says_so(sources, tmp_path, capsys):
    assert main(["prepare", str(sources), "--out", str(tmp_path / "corpus"), "--validation", "0"]) == 0
    said = capsys.readouterr().out
    assert "No document was chosen for validation" in said and "minirl.train" not in said
