"""The program, the test collections, and the measures."""

import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from minirl.retrieval import Index, Settings
from minirl.retrieval.__main__ import main
from minirl.retrieval.collections import CollectionError, open_collection
from minirl.retrieval.evaluation import evaluate, searching
from minirl.retrieval.measures import MEASURES, average_precision, hit, ndcg, precision, reciprocal_rank


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    Path("texts").mkdir()
    Path("texts", "sun.txt").write_text("The Sun is a star.\n\n" + "The Moon shines by the light of the Sun. " * 20)
    assert main(["index", "texts", "--out", "i"]) == 0
    return "i"


class TestProgram:
    def test_index_says_what_it_did(self, index: str, capsys: pytest.CaptureFixture[str]) -> None:
        capsys.readouterr()
        assert main(["index", "texts", "--out", "other"]) == 0
        said = capsys.readouterr().out
        assert said.startswith("other: 2 passages, 10 terms, ") and "documents: 1 added; " in said
        assert main(["index", "texts", "--out", index]) == 0
        assert "documents: 1 unchanged; " in capsys.readouterr().out

    def test_search(self, index: str, capsys: pytest.CaptureFixture[str]) -> None:
        capsys.readouterr()
        assert main(["search", index, "Which stars are xyzzy?", "-n", "1"]) == 0
        shown, said = capsys.readouterr()
        assert shown.splitlines()[0].endswith("texts/sun.txt:1") and "   The Sun is a star." in shown
        assert said == "in no passage: which, are, xyzzy\n"

    def test_a_long_passage_fits_the_terminal(self, index: str, capsys: pytest.CaptureFixture[str]) -> None:
        capsys.readouterr()
        assert main(["search", index, "moonlight moon"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 7 and lines[-1].strip() == "..." and max(map(len, lines)) <= 80
        assert main(["search", index, "moon", "--whole"]) == 0
        assert len(capsys.readouterr().out.split()) > 180

    def test_json(self, index: str, capsys: pytest.CaptureFixture[str]) -> None:
        capsys.readouterr()
        assert main(["search", index, "sun xyzzy", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["unknown"] == ["xyzzy"] and [hit["rank"] for hit in found["hits"]] == [1, 2]
        assert found["hits"][0]["source"].startswith("texts/sun.txt:") and found["hits"][0]["score"] > 0

    @pytest.mark.parametrize("flags", [[], ["--json"]])
    def test_nothing_found_is_an_error(self, index: str, flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        capsys.readouterr()
        assert main(["search", index, "xyzzy", *flags]) == 1
        assert capsys.readouterr() == ("", "no passage has the word 'xyzzy'; try other words\n")

    @pytest.mark.parametrize(
        ("words", "problem"),
        [
            ("index", "name a folder of texts and the index to make"),
            ("index texts", "name a folder of texts and the index to make"),
            ("index texts --science --out x", "--science names the documents already"),
            ("index texts --out texts", "holds no index; give --out another name"),
            ("index texts --out x --b 3", "b is 3.0; give a number from 0 to 1"),
            (
                "search nowhere sun",
                "there is no index in nowhere; `python -m minirl.retrieval index FOLDER --out nowhere`",
            ),
            ("search i sun -n 0", "n is 0; give 1 or more"),
            ("evaluate nowhere", "there is no nowhere; give science, a .json file"),
            ("evaluate texts", "texts is no collection that is known"),
        ],
    )
    def test_mistakes(self, words: str, problem: str, index: str, capsys: pytest.CaptureFixture[str]) -> None:
        capsys.readouterr()
        assert main(words.split()) == 1
        printed, said = capsys.readouterr()
        assert not printed and problem in said and said.count("\n") == 1

    def test_codes_of_terminals_are_not_obeyed(self, index: str, capsys: pytest.CaptureFixture[str]) -> None:
        Path("texts", "bad.txt").write_text("Venus \x1b[2J rises")
        main(["index", "texts", "--out", "i"])
        assert main(["search", index, "venus \x1b[31mxyzzy"]) == 0
        printed, said = capsys.readouterr()
        assert "Venus \\x1b[2J rises" in printed and "\x1b" not in printed + said

    def test_the_science_facts(self, index: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["index", "--science", "--out", "facts"]) == 0
        assert Index.open("facts").search("What is the Milky Way?", n=1)[0].text.startswith("What is the Milky Way?\n")
        assert main(["evaluate", "science", "--json", "m.json"]) == 0
        measures = json.loads(Path("m.json").read_text())["measures"]
        assert measures["hit@1"] > 0.8 and measures["hit@5"] > 0.96  # of paraphrases whose words differ
        shown = capsys.readouterr().out
        assert f"{measures['MRR']:.3f}" in shown and "150 queries, 361 texts" in shown

    def test_as_a_program(self, index: str) -> None:
        command = [sys.executable, "-m", "minirl.retrieval", "search", index, "star"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert "The Sun is a star." in done.stdout


SQUAD = {"data": [{"title": "t", "paragraphs": [
    {"context": "The Sun is a star.", "qas": [{"question": "What is the Sun?", "id": "1", "answers": []}]},
    {"context": "Sound is a wave.", "qas": [
        {"question": "What wave?", "id": "2"}, {"question": "Who?", "id": "3", "is_impossible": True}]},
]}]}  # fmt: skip


class TestCollections:
    def test_squad(self, tmp_path: Path) -> None:
        path = tmp_path / "squad.json"
        path.write_text(json.dumps(SQUAD))
        found = open_collection(str(path))
        assert found.texts == ["The Sun is a star.", "Sound is a wave."]
        assert (found.queries, found.grades) == (["What is the Sun?", "What wave?"], [{0: 1}, {1: 1}])

    def test_beir(self, tmp_path: Path) -> None:
        (tmp_path / "corpus.jsonl").write_text(
            '{"_id": "a", "title": "Sun", "text": "A star."}\n{"_id": "b", "text": "A wave."}\n'
        )
        (tmp_path / "queries.jsonl").write_text('{"_id": "1", "text": "star?"}\n{"_id": "2", "text": "unjudged"}\n')
        (tmp_path / "qrels").mkdir()
        (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n1\ta\t2\n1\tb\t0\n2\tb\t0\n")
        found = open_collection(str(tmp_path))
        assert found.texts == ["Sun A star.", "A wave."]
        assert (found.queries, found.grades) == (["star?"], [{0: 2, 1: 0}])

    def test_cranfield_numbers_its_queries_by_their_place(self, tmp_path: Path) -> None:
        (tmp_path / "cran.all.1400").write_text(".I 1\n.T\nwings\n.A\nx\n.B\ny\n.W\nof\nplanes .\n.I 2\n.T\n.W\nheat\n")
        (tmp_path / "cran.qry").write_text(".I 001\n.W\nwing ?\n.I 004\n.W\nheat ?\n")
        (tmp_path / "cranqrel").write_text("1 1 3\n2 2 1 \n2 1 -1\n")
        found = open_collection(str(tmp_path))
        assert found.texts == ["wings of planes .", "heat"]
        assert (found.queries, found.grades) == (["wing ?", "heat ?"], [{0: 3}, {1: 1, 0: -1}])

    def test_cacm(self, tmp_path: Path) -> None:
        with tarfile.open(tmp_path / "cacm.tar.gz", "w:gz") as archive:
            for number, text in ((1, "<html><pre>\nalgebra\n</pre></html>"), (2, "sorting")):
                member = tarfile.TarInfo(f"CACM-{number:04}.html")
                member.size = len(text)
                archive.addfile(member, io.BytesIO(text.encode()))
        (tmp_path / "topics.cacm.txt").write_text(
            "<DOC>\n<DOCNO> 1 </DOCNO>\n none\n</DOC>\n<DOC>\n<DOCNO> 2 </DOCNO>\n sort\n</DOC>\n"
        )
        (tmp_path / "qrels.cacm.txt").write_text("2 Q0 CACM-2 1\n")
        found = open_collection(str(tmp_path))
        assert [text.split() for text in found.texts] == [["algebra"], ["sorting"]]
        assert (found.queries, found.grades) == (["sort"], [{1: 1}])

    @pytest.mark.parametrize("value", [{}, {"data": [{}]}, [], {"data": [{"paragraphs": [{"context": 3, "qas": []}]}]}])
    def test_another_layout(self, value: object, tmp_path: Path) -> None:
        path = tmp_path / "x.json"
        path.write_text(json.dumps(value))
        with pytest.raises(CollectionError, match=r"x\.json has"):
            open_collection(str(path))


class TestMeasures:
    """By hand: relevant are 1 (grade 3), 4 (grade 1) and 9, which is not found; the ranking is 7, 1, 3, 4."""

    ranking, grades = (7, 1, 3, 4), {1: 3, 4: 1, 9: 2, 7: 0}

    def test_by_hand(self) -> None:
        assert [hit(self.ranking, self.grades, k) for k in (1, 2)] == [0, 1]
        assert reciprocal_rank(self.ranking, self.grades) == 1 / 2
        assert precision(self.ranking, self.grades, 4) == 1 / 2
        assert average_precision(self.ranking, self.grades) == pytest.approx((1 / 2 + 2 / 4) / 3)
        gain, ideal = 3 / 1.5849625 + 1 / 2.3219281, 3 + 2 / 1.5849625 + 1 / 2
        assert ndcg(self.ranking, self.grades, 10) == pytest.approx(gain / ideal)

    def test_the_best_and_the_worst(self) -> None:
        for name, measure in MEASURES.items():
            assert measure([], self.grades) == 0, name
            if not name.startswith("P@"):
                assert measure([1, 9, 4, 7], self.grades) == 1, name

    def test_a_query_that_finds_nothing_counts(self, tmp_path: Path) -> None:
        path = tmp_path / "squad.json"
        path.write_text(json.dumps(SQUAD))
        found = open_collection(str(path))
        index = Index.from_texts(["xyzzy", "Sound is a wave."], Settings(stemmer="none"))
        assert evaluate(searching(index), found)["hit@10"] == 0.5
