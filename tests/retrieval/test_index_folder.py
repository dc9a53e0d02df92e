"""An index on the disk: as it was built, brought up to date, in bounded memory, and refused when it is damaged."""

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minirl.model.tensor_file import TensorFile, write_tensors
from minirl.retrieval import Changes, Index, Settings, build_index
from minirl.retrieval.builder import Builder
from minirl.retrieval.folder import DESCRIPTION, TENSORS
from minirl.retrieval.postings import Workspace
from minirl.storage.checksums import DamagedError

FILES = {"sound.txt": "Sound is a wave.\n\nIt needs air.", "sky/sun.md": "# Sun\n\nThe Sun is a star.", "empty.txt": ""}


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        path = tmp_path / "texts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "texts"


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_built_opened_and_searched(texts: Path) -> None:
    assert build_index(["texts"], "index") == Changes(3, 0, 0, 0)
    index = Index.open("index")
    hit = index.search("Which stars?", n=1)[0]
    assert (hit.text, hit.source, hit.number) == ("# Sun\n\nThe Sun is a star.", "texts/sky/sun.md:1", 0)
    assert index.search("air")[0].source == "texts/sound.txt:3"
    assert len(index) == 3 and repr(index) == "Index(3 passages, 10 terms)"


def test_an_opened_index_has_the_arrays_of_one_in_memory(texts: Path) -> None:
    """And they are views of the file: nothing is read before a query needs it."""
    build_index(["texts"], "index")
    opened = Index.open("index")
    held = Index.from_texts([opened.hit(number).text for number in range(len(opened))])
    for name, x in held.arrays.items():
        if name not in ("documents", "lines"):
            np.testing.assert_array_equal(opened.arrays[name], x)
        assert not opened.arrays[name].flags.owndata and not opened.arrays[name].flags.writeable
    assert opened.search("wave sun")[0].score == held.search("wave sun")[0].score


names = st.sampled_from(["a.txt", "b.txt", "c.md", "d/e.txt"])
paragraphs = st.lists(st.sampled_from(["sun moon", "moon star", "wave", "", "é sun", "star star"]), max_size=4)
states = st.dictionaries(names, paragraphs.map("\n\n".join), min_size=1)


@settings(max_examples=12)
@given(st.lists(states, min_size=2, max_size=3), st.sampled_from([1, 3, 1 << 20]))
def test_an_index_that_grew_has_the_bytes_of_one_made_at_once(tmp_path_factory, states, block: int) -> None:  # type: ignore[no-untyped-def]
    """Files come, change and go; and the blocks, in which postings are put aside, are of any size."""
    folder = tmp_path_factory.mktemp("growing")
    for state in states:
        state["always.txt"] = "sun"
        for path in (folder / "texts").rglob("*.*"):
            path.unlink()
        for name, text in state.items():
            (folder / "texts" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "texts" / name).write_text(text, encoding="utf-8")
        build_index([folder / "texts"], folder / "grown", block=block)
    build_index([folder / "texts"], folder / "once")
    assert files_of(folder / "grown") == files_of(folder / "once")


def test_only_what_changed_is_read(texts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_index(["texts"], "index")
    (texts / "sound.txt").write_text("Sound is pressure.")
    (texts / "empty.txt").unlink()
    (texts / "new.jsonl").write_text('{"text": "Light."}')
    read = []
    from minirl.retrieval import build

    honest = build.read_passages
    monkeypatch.setattr(build, "read_passages", lambda path, *rest: read.append(path.name) or honest(path, *rest))
    assert build_index(["texts"], "index") == Changes(added=1, changed=1, vanished=1, unchanged=1)
    assert read == ["new.jsonl", "sound.txt"]
    assert build_index(["texts"], "index", Settings(b=0.4)) == Changes(3, 0, 0, 0)  # other settings: made anew


def test_memory_is_bounded_by_the_block_and_not_by_the_text() -> None:
    text = " ".join(f"word{number}" for number in range(100))
    peaks = []
    for passages in (100, 800):
        with Workspace(large=5000) as workspace:
            tracemalloc.start()
            builder = Builder(Settings(), workspace, block=5000)
            for number in range(passages):
                builder.add(text, 0, number)
            builder.arrays()
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < 2 * peaks[0], peaks  # 8 times the text


class TestRefused:
    def test_no_index(self, tmp_path: Path) -> None:
        with pytest.raises(
            FileNotFoundError, match=r"there is no index in .*; `python -m minirl.retrieval index FOLDER"
        ):
            Index.open(tmp_path / "nowhere")

    def test_a_folder_that_holds_something_else(self, texts: Path) -> None:
        with pytest.raises(ValueError, match="texts is here already and holds no index; give --out another name"):
            build_index(["texts"], "texts")
        Path("other").mkdir()
        Path("other", DESCRIPTION).write_text('{"metadata": {"total_size": 3}}')
        for function in (lambda: build_index(["texts"], "other"), lambda: Index.open("other")):
            with pytest.raises(ValueError, match="is no description of a search index; choose another folder"):
                function()

    def test_no_words(self, tmp_path: Path) -> None:
        (tmp_path / "x.txt").write_text("...\n\n")
        with pytest.raises(ValueError, match="there are no words in the 1 documents of"):
            build_index([tmp_path / "x.txt"], tmp_path / "index")
        assert not (tmp_path / "index").exists()

    @pytest.mark.parametrize("name", [TENSORS, DESCRIPTION, "SHA256SUMS"])
    @pytest.mark.parametrize("how", ["flip", "cut", "empty", "remove"])
    def test_a_damaged_file(self, texts: Path, name: str, how: str) -> None:
        """Whatever is done to a file, opening says so and names the command, which then works."""
        build_index(["texts"], "index")
        whole, path = files_of(Path("index")), Path("index", name)
        data = bytearray(whole[name])
        if how == "flip":
            data[min(len(data) // 2, 40)] ^= 1  # in SHA256SUMS: in the line of index.json
        path.write_bytes({"flip": bytes(data), "cut": bytes(data[:-7])}.get(how, b""))
        if how == "remove":
            path.unlink()
        remedy = "make the index again: `python -m minirl.retrieval index (texts|FOLDER) --out index`"
        if (name, how) == (DESCRIPTION, "remove"):
            with pytest.raises(FileNotFoundError, match="there is no index in index;"):
                Index.open("index")
            return
        with pytest.raises(DamagedError, match=remedy):
            Index.open("index")
        build_index(["texts"], "index")
        assert files_of(Path("index")) == whole

    def test_files_of_two_indexes(self, texts: Path) -> None:
        build_index(["texts"], "one")
        build_index(["texts/sky"], "two")
        Path("one", TENSORS).write_bytes(Path("two", TENSORS).read_bytes())
        with pytest.raises(DamagedError, match=r"does not belong to index\.json"):
            Index.open("one")

    @pytest.mark.parametrize(
        ("name", "change"),
        [
            ("passages", lambda x: x + 3),
            ("starts", lambda x: x[::-1].copy()),
            ("weights", lambda x: x.astype(np.float64)),
            ("lines", lambda x: x[:-1]),
            ("text_starts", lambda x: x * 2),
            ("term_bytes", lambda x: x[:-1]),
        ],
    )
    def test_arrays_that_do_not_fit_together(self, texts: Path, name: str, change) -> None:  # type: ignore[no-untyped-def]
        """Their checksum is right: only what they say is wrong, as in a file that is made to deceive."""
        from minirl.storage.checksums import digest, write_sums

        build_index(["texts"], "index")
        folder = Path("index")
        file = TensorFile(folder / TENSORS)
        write_tensors(
            folder / TENSORS, {key: file.read(key) if key != name else change(file.read(key)) for key in file.shapes()}
        )
        described = json.loads((folder / DESCRIPTION).read_text())
        described["crc32"] = TensorFile(folder / TENSORS).metadata["crc32"]
        (folder / DESCRIPTION).write_text(json.dumps(described))
        write_sums(folder, {key: digest(folder / key) for key in (DESCRIPTION, TENSORS)})
        with pytest.raises(DamagedError, match="make the index again"):
            Index.open("index")

    def test_another_version(self, texts: Path) -> None:
        build_index(["texts"], "index")
        path = Path("index", DESCRIPTION)
        path.write_text(path.read_text().replace('"version": 1', '"version": 2'))
        with pytest.raises(DamagedError, match="has version 2; this minirl reads 1; make the index again"):
            Index.open("index")


@pytest.mark.parametrize("value", [{"most_words": 0}, {"k1": -1}, {"k1": float("nan")}, {"b": 2}, {"fields": ()}])
def test_settings_that_mean_nothing(value) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=f"{next(iter(value))} is .*; (give|name)"):
        Settings(**value)
