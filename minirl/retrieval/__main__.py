"""Find the passages of your texts that fit a question, by their words (BM25): python -m minirl.retrieval

    python -m minirl.retrieval index FOLDER --out INDEX         # .txt, .md and .jsonl files; again: only what changed
    python -m minirl.retrieval search INDEX "Why is the sky blue?" -n 5
    python -m minirl.retrieval evaluate xquad.en.json           # how often the right paragraph is found
    python -m minirl.retrieval dense runs/roger/sft xquad.en.json       # the same by vectors of a model

`index --science` takes the science facts that ship with minirl. `search --json` is for programs. `evaluate` reads test
collections where they lie: science, a file in SQuAD's layout, or a folder of BEIR, Cranfield or CACM.
"""

import json as json_module
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from minirl import flags
from minirl.console import printable, run_program
from minirl.model import GPT
from minirl.retrieval.bm25 import K1, B
from minirl.retrieval.build import build_index
from minirl.retrieval.collections import open_collection
from minirl.retrieval.compare import compare, parted
from minirl.retrieval.documents import find_documents, read_passages
from minirl.retrieval.evaluation import evaluate as evaluate_search
from minirl.retrieval.evaluation import searching
from minirl.retrieval.index import Index
from minirl.retrieval.lookup import SCIENCE_FIELDS
from minirl.retrieval.passages import MOST_WORDS
from minirl.retrieval.settings import Settings
from minirl.retrieval.show import LINES, comparison_text, hits_json, hits_text, measures_text
from minirl.retrieval.words import Stemmer
from minirl.storage import shipped
from minirl.storage.files import atomic_write
from minirl.tokenizer import Tokenizer

Folders = Annotated[tuple[str, ...], tyro.conf.arg(metavar="FOLDER ..."), tyro.conf.Positional]
IndexFolder = Annotated[Path, tyro.conf.arg(metavar="INDEX"), tyro.conf.Positional]
ModelFolder = Annotated[Path, tyro.conf.arg(metavar="MODEL"), tyro.conf.Positional]
Query = Annotated[str, tyro.conf.arg(metavar="QUERY"), tyro.conf.Positional]
Collection = Annotated[str, tyro.conf.arg(metavar="COLLECTION"), tyro.conf.Positional]
Count = Annotated[int, tyro.conf.arg(aliases=["-n"])]
Fields = tuple[str, ...]


def index(
    folders: Folders = (),
    out: Path | None = None,
    science: bool = False,
    stemmer: Stemmer = "porter",
    stop_words: bool = False,
    most_words: int = MOST_WORDS,
    fields: Fields = ("title", "text"),
    k1: float = K1,
    b: float = B,
) -> None:
    """Index the .txt, .md and .jsonl files of folders, or bring an index up to date.

    An index that is there is brought up to date: new and changed files are read, those that vanished are dropped. With
    other settings it is made anew.

    Args:
        folders: Folders, and single files, that the index holds.
        out: The folder of the index.
        science: Take the science facts that ship with minirl, each as a question and its reasoning.
        stemmer: Which endings of words are cut off: porter, those of English; none, for other languages.
        stop_words: Leave out 33 frequent English words, such as "the".
        most_words: Largest number of words in a passage.
        fields: The fields of an object in a .jsonl file that hold its text.
        k1: How much a word's further occurrences in a passage count.
        b: How much longer passages are held back, from 0 to 1.
    """
    if science:
        if folders:
            raise ValueError("--science names the documents already; leave the folders out")
        folders, fields = (str(shipped("data/science/questions.jsonl")),), SCIENCE_FIELDS
    if not folders or out is None:
        command = "python -m minirl.retrieval index FOLDER --out INDEX"
        raise ValueError(f"name a folder of texts and the index to make: {command}")
    settings = Settings(stemmer, stop_words, most_words, fields, k1, b)
    columns = (TextColumn("indexing"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[note]}"),
               TimeElapsedColumn())  # fmt: skip
    console = Console(stderr=True)
    start = time.perf_counter()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None, note="")

        def progress(done: int, total: int, passages: int) -> None:
            bar.update(task, completed=done, total=total, note=f"{passages:,} passages")

        changes = build_index(folders, out, settings, progress)
    made = Index.open(out)
    size = sum(path.stat().st_size for path in out.iterdir() if path.is_file())
    counted = ", ".join(f"{n:,} {what}" for what, n in changes._asdict().items() if n)
    print(
        f"{printable(str(out))}: {len(made):,} passages, {len(made.arrays['starts']) - 1:,} terms, {size / 1e6:.1f} MB"
    )
    print(f"documents: {counted}; {time.perf_counter() - start:.1f} s")


def search(index: IndexFolder, query: Query, n: Count = 5, whole: bool = False, json: bool = False) -> None:
    """Print the passages that fit a query, the best first.

    Args:
        index: The folder of an index.
        query: A question, or some words.
        n: How many passages to print at most.
        whole: Print whole passages instead of their first lines.
        json: Print JSON.
    """
    opened = Index.open(index)
    hits, unknown = opened.search(query, n), opened.unknown(query)
    if json:
        print(json_module.dumps(hits_json(hits, query, unknown), ensure_ascii=False))
        return
    words = opened.description.settings.words
    Console(highlight=False).print(hits_text(hits, query, words, None if whole else LINES), soft_wrap=True)
    if unknown:
        print(printable(f"in no passage: {', '.join(unknown)}"), file=sys.stderr)


def evaluate(
    collection: Collection,
    among: tuple[str, ...] = (),
    stemmer: Stemmer = "porter",
    stop_words: bool = False,
    k1: float = K1,
    b: float = B,
    json: Path | None = None,
) -> None:
    """Count how often the right passages are found, with a published test collection.

    Args:
        collection: science, a .json file in SQuAD's layout (XQuAD is one), or a folder: BEIR's layout (corpus.jsonl),
            Cranfield (cran.all.1400), CACM (cacm.tar.gz).
        among: Folders and files whose passages are mixed in, to make the search harder.
        stemmer: Which endings of words are cut off: porter or none.
        stop_words: Leave out 33 frequent English words.
        k1: How much a word's further occurrences in a passage count.
        b: How much longer passages are held back, from 0 to 1.
        json: Also write the measures to this file.
    """
    settings = Settings(stemmer, stop_words, k1=k1, b=b)
    found = open_collection(collection)
    more = find_documents(among) if among else {}
    others = [passage.text for path in more.values()
              for passage in read_passages(path, settings.most_words, settings.fields)]  # fmt: skip
    found = found._replace(texts=[*found.texts, *others])
    measures = evaluate_search(searching(Index.from_texts(found.texts, settings)), found)
    print(printable(measures_text(found, measures)))
    if json is not None:
        report: dict[str, Any] = {"collection": found.name, "queries": len(found.queries), "texts": len(found.texts),
                                  "measures": measures}  # fmt: skip
        with atomic_write(json) as file:
            json_module.dump(report, file, indent=2)
            file.write("\n")


def dense(
    model: ModelFolder,
    collection: Collection,
    out: Path | None = None,
    steps: int = 200,
    batch: int = 16,
    learning_rate: float = 3e-4,
    seed: int = 0,
) -> None:
    """Fine-tune a model to find passages by vectors, and compare it with BM25 on questions that it was not trained on.

    A fifth of the passages are held out: no question of theirs is trained on.

    Args:
        model: The folder of a model, such as runs/roger/sft.
        collection: As in `evaluate`.
        out: Save the fine-tuned model in this folder.
        steps: Updates of the model.
        batch: Questions in a batch; each has the others' passages to tell its own from.
        learning_rate: The highest learning rate of AdamW.
        seed: Seed of the order of the questions.
    """
    for name, value in (("steps", steps), ("batch", batch - 1)):
        if value < 1:
            raise ValueError(f"--{name} is too small; give {2 if name == 'batch' else 1} or more")
    if not learning_rate > 0:
        raise ValueError(f"--learning-rate is {learning_rate}; give a number above 0")
    trained, tokenizer = GPT.from_pretrained(model), Tokenizer.load(model / "tokenizer.json")
    found = open_collection(collection)
    columns = (TextColumn("fine-tuning"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[note]}"),
               TimeElapsedColumn())  # fmt: skip
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=steps, note="")

        def report(step: int, loss: float) -> None:
            bar.update(task, completed=step, note=f"loss {loss:.3f}")

        table = compare(trained, tokenizer, found, steps=steps, batch=batch, learning_rate=learning_rate, seed=seed,
                        report=report)  # fmt: skip
    print(printable(comparison_text(parted(found)[1], table)))
    if out is not None:
        trained.save_pretrained(out)
        tokenizer.save(out)
        print(f"saved: {printable(str(out))}")


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit status: 0 done, 1 an error, such as a search that finds nothing."""
    try:
        commands = {"index": index, "search": search, "evaluate": evaluate, "dense": dense}
        flags.command(commands, argv, "python -m minirl.retrieval", __doc__)()
    except BrokenPipeError:  # the reader has left: run_program ends quietly
        raise
    except (ValueError, OSError) as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(run_program(main))
