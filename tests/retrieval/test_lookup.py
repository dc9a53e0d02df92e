"""Facts for a prompt: from an index, from a folder of texts, from minirl's own; a failure is a fact that says so."""

from pathlib import Path

import pytest

from minirl.retrieval import Index, build_index
from minirl.retrieval.lookup import Lookup, open_lookup
from minirl.tokenizer import Tokenizer
from minirl.tools import Toolbox, ToolError
from minirl.tools.named import named
from minirl.tools.search import Search

TEXTS = ["Sound is a wave\nof pressure.", "The Sun is a star.", "A star shines for long."]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "all.txt").write_text("\n\n".join(TEXTS))
    return texts


def test_the_best_facts_come_first_each_on_one_line() -> None:
    lookup = Lookup(Index.from_texts(TEXTS), most=2)
    assert lookup("Which stars shine?") == ["A star shines for long.", "The Sun is a star."]
    assert lookup("What is sound?") == ["Sound is a wave of pressure.", "The Sun is a star."]
    with pytest.raises(ValueError, match="--top is 0"):
        Lookup(Index.from_texts(TEXTS), most=0)


@pytest.mark.parametrize(("question", "message"), [("Xyzzy?", "no passage has the word 'xyzzy'"), ("?!", "no words")])
def test_a_search_that_finds_nothing_says_so(question: str, message: str) -> None:
    (fact,) = Lookup(Index.from_texts(TEXTS))(question)
    assert fact.startswith("error: ") and message in fact


def test_a_folder_of_texts_and_its_index_give_the_same(folder: Path, tmp_path: Path) -> None:
    build_index([folder], tmp_path / "index")
    for question in ("Which stars shine?", "Is it sound?", "Xyzzy"):
        assert open_lookup(str(folder))(question) == open_lookup(str(tmp_path / "index"))(question)
    assert open_lookup(str(folder / "all.txt"), 1)("the Sun") == ["The Sun is a star."]
    with pytest.raises(FileNotFoundError, match="nowhere"):
        open_lookup(str(tmp_path / "nowhere"))


def test_science_has_its_facts_by_name() -> None:
    (fact,) = open_lookup("science", 1)("Tell me what the Milky Way is.")
    assert fact.startswith("What is the Milky Way? The Milky Way is the galaxy ")


def test_search_is_a_tool(folder: Path) -> None:
    tool = named(f"search:{folder}")
    assert tool.name == "search" and tool.call("stars") == "The Sun is a star. A star shines for long."
    with pytest.raises(ToolError, match="no passage has the word 'xyzzy'"):
        tool.call("xyzzy")
    with pytest.raises(ToolError, match="has no words"):
        tool.call("")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        named("search:nowhere")
    assert named(f"search:{folder}:shuffled").name == "search"


def test_a_failed_search_is_a_result_that_says_so() -> None:
    box = Toolbox(Tokenizer.train(TEXTS, 270), [Search(Index.from_texts(TEXTS), most=1)])
    assert box.call("search Sun") == "The Sun is a star."
    assert box.call("search xyzzy") == "error: no passage has the word 'xyzzy'; try other words"
