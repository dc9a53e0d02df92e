"""Files of every format to raw documents, compressed or not; damaged ones are named."""

import bz2
import gzip
import io
import json
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirl.corpus.raw import ReadError
from minirl.corpus.readers import find, read
from minirl.corpus.readers.decoding import decoded, encoding_of, lines
from minirl.corpus.readers.plain import BOOK


def texts(path, fields=("text",)):
    return [raw.text for raw in read(path, fields)]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"caf\xe9 \x93quoted\x94", "café “quoted”"),
        ("café".encode(), "café"),
        (b"\xef\xbb\xbf" + "café".encode(), "café"),
        ("café".encode("utf-16"), "café"),
        ("naïve latin".encode("latin-1"), "naïve latin"),
        (b"one\r\ntwo\rthree", "one\ntwo\nthree"),
    ],
)
def test_encodings(tmp_path, data, text):
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    assert texts(path) == [text]
    if b"\r" not in data:
        assert decoded(data) == text


@given(st.text(max_size=200))
def test_utf8_is_never_taken_for_another_encoding(text):
    assert encoding_of(io.BytesIO(text.encode("utf-8", "replace"))) == "utf-8" or text.startswith("\ufeff")


def test_lines_of_a_stream_that_is_cut_within_a_line_end(monkeypatch):
    monkeypatch.setattr("minirl.corpus.readers.decoding.BLOCK", 3)
    assert list(lines(io.BytesIO(b"ab\r\ncd\r\n\r\ne"), "utf-8")) == ["ab\n", "cd\n", "\n", "e"]


def test_a_file_larger_than_a_book_is_many_documents(tmp_path):
    path = tmp_path / "large.txt"
    story = "It was a dark night. " * 50
    path.write_text(f"\n{story}\n<|endoftext|>" * (BOOK // 1000 + 200))
    found = texts(path)
    assert len(found) > 1
    assert all(text.lstrip().startswith(("It was", "<|endoftext|>")) for text in found)
    assert "".join(found) == path.read_text()


def test_json_lines_and_lists(tmp_path):
    rows = [{"title": "T", "text": "one"}, {"text": "two", "n": 3}]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    assert texts(path) == ["one", "two"]
    assert texts(path, ("title", "text")) == ["T\n\none", "two"]
    with pytest.raises(ReadError, match=r"a\.jsonl, line 1 has the fields .*'title'.* and no text in body; name"):
        texts(path, ("body",))
    path.write_text('{"text": "one"}\n{"text": \n')
    with pytest.raises(ReadError, match=r"a\.jsonl, line 2 is no valid JSON"):
        texts(path)
    path = tmp_path / "a.json"
    path.write_text(json.dumps(["one", {"text": "two"}]))
    assert texts(path) == ["one", "two"]
    path.write_text('{"text": "x"}')
    with pytest.raises(ReadError, match="expected a list"):
        texts(path)


@pytest.mark.parametrize("ending", ["gz", "bz2", "zst"])
def test_compressed_files(tmp_path, ending):
    data = b'{"text": "one"}\n' * 3
    if ending == "zst":
        data = pytest.importorskip("zstandard").compress(data)
    else:
        data = (gzip if ending == "gz" else bz2).compress(data)
    path = tmp_path / f"a.jsonl.{ending}"
    path.write_bytes(data)
    assert texts(path) == ["one"] * 3
    path.write_bytes(data[: len(data) // 2])
    if ending != "zst":  # a frame of zstandard that ends early gives what it has
        with pytest.raises(ReadError, match=rf"a\.jsonl\.{ending} cannot be read"):
            texts(path)
    path.write_bytes(b"no such format")
    with pytest.raises(ReadError, match=rf"a\.jsonl\.{ending} cannot be read"):
        texts(path)


DUMP = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.10/"><siteinfo><sitename>W</sitename></siteinfo>
<page><title>Lake</title><ns>0</ns><revision><text>It covers {{convert|5|km2}}.</text></revision></page>
<page><title>Talk:Lake</title><ns>1</ns><revision><text>talk</text></revision></page>
<page><title>Laek</title><ns>0</ns><redirect title="Lake"/><revision><text>#REDIRECT [[Lake]]</text></revision></page>
<page><title>Mercury</title><ns>0</ns><revision><text>{{disambiguation}}</text></revision></page>
<page><title>Pond</title><ns>0</ns><revision><text>Small.</text></revision></page></mediawiki>"""


@pytest.mark.parametrize("name", ["dump.xml.bz2", "pages-articles1.xml-p10p30.bz2"])
def test_a_dump_of_wikipedia(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(bz2.compress(DUMP.encode()))
    found = list(read(path))
    assert [(raw.name, raw.text, raw.form) for raw in found] == [
        (f"{path}, Lake", "Lake\nIt covers {{convert|5|km2}}.", "wikitext"),
        (f"{path}, Pond", "Pond\nSmall.", "wikitext"),
    ]
    path.write_bytes(bz2.compress(DUMP.encode()[:-40]))
    with pytest.raises(ReadError, match="is damaged"):
        list(read(path))


def test_xml_that_is_no_dump(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text("<html></html>")
    with pytest.raises(ReadError, match="is no dump of Wikipedia: its root is <html>"):
        list(read(path))


def test_archives_and_pages(tmp_path):
    path = tmp_path / "books.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, data in [("m1/index.cnxml", b"<document/>"), ("LICENSE", b"x"), ("m2/a.html", b"<p>caf\xe9</p>")]:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    assert [(raw.form, raw.text) for raw in read(path)] == [("cnxml", "<document/>"), ("html", "<p>café</p>")]
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(ReadError, match=r"books\.tar\.gz cannot be read"):
        list(read(path))


def test_parquet(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    parquet.write_table(pyarrow.table({"text": ["one", "two", None], "n": [1, 2, 3]}), path)
    assert texts(path) == ["one", "two", ""]
    with pytest.raises(ReadError, match="has the columns text, n, and not body"):
        texts(path, ("body",))
    rows = ["", " = A = \n", "", " one \n", "", " = = B = = \n", " two \n", " = C = \n", " three \n"]
    parquet.write_table(pyarrow.table({"text": rows}), path)
    assert texts(path) == ["\n", " = A = \n\n one \n\n = = B = = \n two \n", " = C = \n three \n"]
    path.write_bytes(b"PAR1 no")
    with pytest.raises(ReadError, match=r"a\.parquet cannot be read"):
        texts(path)


def test_finding_files(tmp_path):
    for name in ("b/c.txt", "b/.hidden.txt", "a.md", "picture.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    found, others = find([tmp_path, tmp_path / "a.md"])
    assert found == [tmp_path / "a.md", tmp_path / "b" / "c.txt"]
    assert others == [tmp_path / "picture.png"]
    with pytest.raises(FileNotFoundError, match=r"there is no .*nowhere; give files, or folders of files"):
        find([tmp_path / "nowhere"])
    with pytest.raises(ValueError, match=r"picture\.png: there is no reader"):
        find([tmp_path / "picture.png"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="there is nothing to read in"):
        find([tmp_path / "empty"])
