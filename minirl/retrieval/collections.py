"""Test collections: texts, queries, and which text answers which query, in the layouts that they are published in.

    science        the questions that ship with minirl: the query is a paraphrase, the text the fact
    FILE.json      SQuAD, and others of its layout such as XQuAD: the query is a question, the text its paragraph
    FOLDER         of BEIR: corpus.jsonl, queries.jsonl, qrels/test.tsv
                   Cranfield: cran.all.1400, cran.qry, cranqrel
                   CACM, as in Anserini: cacm.tar.gz, topics.cacm.txt, qrels.cacm.txt

The data stays where it is; nothing of it ships with minirl but the science questions.
"""

import csv
import re
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from minirl.storage import shipped, strict_json
from minirl.storage.shape import ShapeError, checked


class Collection(NamedTuple):
    """Texts and queries. grades: for each query, number of a text -> grade; a text with none is not relevant."""

    name: str
    texts: list[str]
    queries: list[str]
    grades: list[dict[int, int]]


class CollectionError(ValueError):
    """A file that is not laid out as its collection is."""


def open_collection(place: str) -> Collection:
    """The collection in a file or folder, or "science". Raises FileNotFoundError, or CollectionError saying what is
    expected."""
    if place == "science":
        return science()
    path = Path(place)
    if path.is_file() and path.suffix == ".json":
        return squad(path)
    if not path.exists():
        raise FileNotFoundError(f"there is no {path}; give science, a .json file in SQuAD's layout, or a folder")
    for name, read in LAYOUTS.items():
        if (path / name).is_file():
            return read(path)
    raise CollectionError(
        f"{path} is no collection that is known; expected a .json file in SQuAD's layout, or a folder with one of "
        f"{', '.join(LAYOUTS)}"
    )


def science() -> Collection:
    """minirl's own facts, each as its question and its reasoning; the queries are their paraphrases."""
    lines = shipped("data/science/questions.jsonl").read_bytes().splitlines()
    facts = [checked(dict[str, Any], strict_json.parse(line)) for line in lines]
    queries = [(question, number) for number, fact in enumerate(facts) for question in fact["paraphrases"]]
    texts = [f"{fact['question']} {fact['reasoning']}" for fact in facts]
    return Collection("science", texts, [query for query, _ in queries], [{number: 1} for _, number in queries])


def squad(path: Path) -> Collection:
    """SQuAD's layout: data[].paragraphs[], each with its context and its qas[].question. Questions without an answer
    in the paragraph are left out."""
    value = _json(path)
    texts: list[str] = []
    queries, grades = [], []
    try:
        for article in checked(dict[str, Any], value)["data"]:
            for paragraph in article["paragraphs"]:
                for asked in paragraph["qas"]:
                    if not asked.get("is_impossible", False):
                        queries.append(checked(str, asked["question"], "question"))
                        grades.append({len(texts): 1})
                texts.append(checked(str, paragraph["context"], "context"))
    except (KeyError, TypeError, AttributeError, ShapeError) as error:
        raise CollectionError(f"{path} has not SQuAD's layout, data[].paragraphs[].qas[]: {error!r}") from None
    return _whole(path, texts, queries, grades)


def beir(folder: Path) -> Collection:
    """BEIR's layout. Queries without a relevant text are left out, as its own evaluation does."""
    numbers: dict[str, int] = {}
    texts: list[str] = []
    for record in _json_lines(folder / "corpus.jsonl"):
        numbers[record["_id"]] = len(texts)
        texts.append(f"{record.get('title', '')} {record['text']}".strip())
    asked = {record["_id"]: record["text"] for record in _json_lines(folder / "queries.jsonl")}
    judged: dict[str, dict[int, int]] = {}
    path = folder / "qrels" / "test.tsv"
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            try:
                query, text, grade = row["query-id"], row["corpus-id"], int(row["score"])
            except (KeyError, TypeError, ValueError):
                raise CollectionError(f"{path} has the row {row}; expected query-id, corpus-id and score") from None
            if query in asked and text in numbers:
                judged.setdefault(query, {})[numbers[text]] = grade
    judged = {query: found for query, found in judged.items() if any(grade > 0 for grade in found.values())}
    return _whole(folder, texts, [asked[query] for query in judged], list(judged.values()))


def cranfield(folder: Path) -> Collection:
    """The Cranfield collection of 1400 abstracts. The numbers in cran.qry are not those in cranqrel, where the queries
    are numbered by their place from 1 on."""
    documents = list(_smart(folder / "cran.all.1400"))
    texts = [f"{fields.get('T', '')} {fields.get('W', '')}".strip() for fields in documents]
    queries = [fields["W"] for fields in _smart(folder / "cran.qry")]
    grades: list[dict[int, int]] = [{} for _ in queries]
    for query, text, grade in _numbers(folder / "cranqrel", 3):
        if 0 < query <= len(queries) and 0 < text <= len(texts):
            grades[query - 1][text - 1] = grade
    return _whole(folder, texts, queries, grades)


def cacm(folder: Path) -> Collection:
    """The CACM collection of 3204 abstracts, as Anserini has it; queries without a relevant text are left out."""
    numbers: dict[int, int] = {}
    texts: list[str] = []
    with tarfile.open(folder / "cacm.tar.gz") as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            if (file := archive.extractfile(member)) is not None:
                numbers[int(Path(member.name).stem.removeprefix("CACM-"))] = len(texts)
                texts.append(re.sub(r"<[^>]*>", " ", file.read().decode("utf-8", "replace")))
    topics = (folder / "topics.cacm.txt").read_text(encoding="utf-8")
    asked = dict(re.findall(r"<DOCNO>\s*(\d+)\s*</DOCNO>(.*?)</DOC>", topics, re.DOTALL))
    judged: dict[str, dict[int, int]] = {}
    for line in (folder / "qrels.cacm.txt").read_text(encoding="utf-8").splitlines():
        query, _, text, grade = line.split()
        judged.setdefault(query, {})[numbers[int(text.removeprefix("CACM-"))]] = int(grade)
    return _whole(folder, texts, [asked[query].strip() for query in judged], list(judged.values()))


LAYOUTS: dict[str, Callable[[Path], Collection]] = {
    "corpus.jsonl": beir, "cran.all.1400": cranfield, "cacm.tar.gz": cacm,
}  # fmt: skip


def _smart(path: Path) -> Iterator[dict[str, str]]:
    """The records of SMART's format: .I 12 begins one, and .T, .A, .B and .W begin its fields."""
    for record in re.split(r"(?m)^\.I .*$", path.read_text(encoding="utf-8", errors="replace"))[1:]:
        pieces = re.split(r"(?m)^\.([A-Z])[ \t]*$", record)
        yield {name: " ".join(text.split()) for name, text in zip(pieces[1::2], pieces[2::2], strict=True)}


def _numbers(path: Path, n: int) -> Iterator[list[int]]:
    for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            found = [int(word) for word in text.split()]
        except ValueError:
            found = []
        if len(found) != n:
            raise CollectionError(f"{path}, line {line} is {text[:60]!r}; expected {n} whole numbers")
        yield found


def _json(path: Path) -> Any:
    try:
        return strict_json.parse(path.read_bytes())
    except ValueError as error:
        raise CollectionError(f"{path} is no valid JSON ({error})") from None


def _json_lines(path: Path) -> Iterator[dict[str, str]]:
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                record = checked(dict[str, Any], strict_json.parse(line))
                checked(str, record.get("_id"), "_id")
                checked(str, record.get("text"), "text")
            except ValueError as error:
                raise CollectionError(f"{path}, line {number}: {error}") from None
            yield record


def _whole(place: Path, texts: list[str], queries: list[str], grades: list[dict[int, int]]) -> Collection:
    if not texts or not queries:
        raise CollectionError(f"{place} has {len(texts)} texts and {len(queries)} queries with a relevant one")
    return Collection(place.name, texts, queries, grades)
