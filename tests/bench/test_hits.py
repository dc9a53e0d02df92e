"""hit@k with intervals: the curves are those of the measures, and the plot is drawn from them."""

from pathlib import Path

import pytest
from rich.console import Console

from minirl.bench import hits
from minirl.bench.hits import curve, draw, table
from minirl.bench.runner import OptionError
from minirl.evaluation.estimate import wilson
from minirl.retrieval import Index
from minirl.retrieval.collections import Collection, science
from minirl.retrieval.evaluation import evaluate, searching


def test_curves_are_the_measures_of_the_search() -> None:
    collection = science()
    search = searching(Index.from_texts(collection.texts))
    found, measures = curve(search, collection), evaluate(search, collection)
    for k in (1, 3, 5, 10):
        assert found[k - 1].value == pytest.approx(measures[f"hit@{k}"])
        assert found[k - 1].low < found[k - 1].value < found[k - 1].high
    assert [one.value for one in found] == sorted(one.value for one in found)


def test_a_curve_by_hand() -> None:
    """Two questions: the first passage is right for one, the third for the other."""
    collection = Collection("two", ["a", "b", "c"], ["x", "y"], [{0: 1}, {2: 1}])
    assert curve(lambda query, depth: [0, 1, 2][:depth], collection, 3) == [wilson(1, 2), wilson(1, 2), wilson(2, 2)]


def test_table_and_plot(tmp_path: Path) -> None:
    curves = {name: [wilson(k, 40) for k in range(20, 40)] for name in ("BM25", "dense")}
    console = Console(width=120, record=True)
    console.print(table("XQuAD", curves))
    assert "hit@20" in (text := console.export_text()) and "50.0 [35, 65]" in text
    axes = draw("XQuAD", curves).axes[0]
    assert [list(line.get_ydata()) for line in axes.lines] == [[k / 40 for k in range(20, 40)]] * 2
    assert axes.get_legend_handles_labels()[1] == ["BM25", "dense"]
    draw("XQuAD", curves).save(tmp_path / "hits.png")
    assert (tmp_path / "hits.png").stat().st_size > 10_000


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="nowhere"):
        hits.main([str(tmp_path / "nowhere")])
