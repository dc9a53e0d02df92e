"""Texts become passages: paragraphs, not too long, and no word is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirl.retrieval.documents import find_documents, read_passages
from minirl.retrieval.passages import Passage, split_text

lines = st.lists(
    st.sampled_from(["one two. three four\n", "five!\n", "\n", " \n", "# six\n", "seven eight nine ten\n"])
)


def cut(text: str, most_words: int = 200) -> list[Passage]:
    return list(split_text(text.splitlines(keepends=True), most_words))


def test_a_passage_is_a_paragraph() -> None:
    assert cut("one\ntwo\n\n\n three\n \nfour") == [("one\ntwo", 1), ("three", 5), ("four", 7)]


def test_a_heading_goes_with_the_paragraph_after_it() -> None:
    text = "# Sound\n\n\n## Waves\n\nSound is a wave.\n\nMore.\n\n# End\n"
    assert cut(text) == [("# Sound\n\n\n## Waves\n\nSound is a wave.", 1), ("More.", 8), ("# End", 10)]


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    assert cut('One two. Three\nfour five? "Six." Seven.', 5) == [
        ("One two. Three\nfour five?", 1),
        ('"Six." Seven.', 2),
    ]
    assert cut("One two. Three four five. Six.", 3) == [("One two.", 1), ("Three four five.", 1), ("Six.", 1)]


def test_a_long_sentence_is_cut_between_words() -> None:
    assert [passage.text for passage in cut("a b c d e f g", 3)] == ["a b c", "d e f", "g"]


@given(lines, st.integers(1, 9))
def test_no_word_is_lost_and_no_passage_is_too_long(lines: list[str], most: int) -> None:
    passages = list(split_text(lines, most))
    assert [word for passage in passages for word in passage.text.split()] == "".join(lines).split()
    for passage in passages:
        assert 0 < len(passage.text.split()) <= most
        assert passage.text == passage.text.strip()
        assert lines[passage.line - 1].split() and passage.text.split()[0] in lines[passage.line - 1]


def test_a_bound_below_one() -> None:
    with pytest.raises(ValueError, match="at most 0 words: give 1 or more"):
        cut("one", 0)


class TestDocuments:
    def test_the_files_of_a_folder_by_name(self, tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
        for name in ("b/x.MD", "a.txt", "c.jsonl", "d.pdf", ".git/e.txt", ".f.txt"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text("")
        monkeypatch.chdir(tmp_path)
        assert list(find_documents(["."])) == ["a.txt", "b/x.MD", "c.jsonl"]
        assert list(find_documents(["b", "a.txt", "./a.txt"])) == ["a.txt", "b/x.MD"]

    def test_nothing_to_read(self, tmp_path) -> None:  # type: ignore[no-untyped-def]
        with pytest.raises(ValueError, match=r"there is no \.txt, \.md, \.jsonl file in"):
            find_documents([tmp_path])
        with pytest.raises(FileNotFoundError, match=r"there is no .*nowhere; give a folder"):
            find_documents([tmp_path / "nowhere"])
        (tmp_path / "x.pdf").write_text("")
        with pytest.raises(ValueError, match=r"x\.pdf is no \.txt, \.md, \.jsonl file; convert it to text first"):
            find_documents([tmp_path / "x.pdf"])

    def test_lines_of_jsonl(self, tmp_path) -> None:  # type: ignore[no-untyped-def]
        path = tmp_path / "x.jsonl"
        path.write_text('{"title": "Sound", "text": "A wave.\\n\\nOf air.", "id": 1}\n\n{"text": "Light \\ud800"}\n')
        assert list(read_passages(path, 200, ("title", "text"))) == [
            ("Sound\nA wave.", 1), ("Of air.", 1), ("Light \ud800", 3),
        ]  # fmt: skip
        assert next(read_passages(path, 200, ["text"])) == ("A wave.", 1)

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b'{"text": "x"}\n{"body": "y"}\n', r"x.jsonl, line 2 has the fields \['body'\], and no text in title or"),
            (b'{"text": 3}', "name the fields that hold text with --fields"),
            (b"[1]", r"line 1 is \[1\]; expected a JSON object"),
            (b"{", "line 1: .*; expected a JSON object"),
            (b'{"text": "x"}\n"\xff"', r"line 2: byte 0xff is not UTF-8; convert the file to UTF-8"),
        ],
    )
    def test_a_line_that_is_none_says_which(self, data: bytes, message: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
        path = tmp_path / "x.jsonl"
        path.write_bytes(data)
        with pytest.raises(ValueError, match=message):
            list(read_passages(path, 200, ("title", "text")))

    def test_a_mark_at_the_start_and_line_ends_of_windows(self, tmp_path) -> None:  # type: ignore[no-untyped-def]
        path = tmp_path / "x.txt"
        path.write_bytes(b"\xef\xbb\xbfone\r\ntwo\r\n\r\nthree")
        assert list(read_passages(path, 200, ())) == [("one\ntwo", 1), ("three", 4)]
