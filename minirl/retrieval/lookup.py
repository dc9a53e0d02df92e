"""Facts for a prompt: what a search finds for a question, ready to stand before it.

    >>> from minirl.retrieval import Index
    >>> lookup = Lookup(Index.from_texts(["Sound is a wave of pressure.", "The Sun is a star."]), most=1)
    >>> lookup("Is the Sun a star?")
    ['The Sun is a star.']
    >>> lookup("Why?")
    ["error: no passage has the word 'why'; try other words"]

A search that finds nothing gives its error as the only fact. An empty list would look as if nothing had been asked.
"""

from pathlib import Path

from minirl.retrieval.documents import find_documents, read_passages
from minirl.retrieval.folder import DESCRIPTION
from minirl.retrieval.index import Index, SearchError
from minirl.retrieval.settings import Settings
from minirl.storage import shipped

MOST = 3  # facts in a prompt
SCIENCE = "science"
SCIENCE_FIELDS = ("question", "reasoning")


class Lookup:
    """The facts for a question: the passages that fit it best, the best first. Raises ValueError for most < 1."""

    def __init__(self, index: Index, most: int = MOST) -> None:
        if most < 1:
            raise ValueError(f"--top is {most}; give 1 or more")
        self.index, self.most = index, most

    def __call__(self, question: str) -> list[str]:
        """At most `most` facts, each on one line. The question is all that the search is given."""
        try:
            return [" ".join(hit.text.split()) for hit in self.index.search(question, self.most)]
        except SearchError as error:
            return [f"error: {error}"]


def open_lookup(place: str, most: int = MOST) -> Lookup:
    """Facts from a place: the folder of an index, as `python -m minirl.retrieval index` makes it; a folder or a file of
    texts, which is indexed now, in memory; or "science", the facts that ship with minirl.

    Raises FileNotFoundError, DamagedError or ValueError where there is no index and are no texts.
    """
    settings = Settings()
    if place == SCIENCE:
        place, settings = str(shipped("data/science/questions.jsonl")), Settings(fields=SCIENCE_FIELDS)
    elif (Path(place) / DESCRIPTION).exists():
        return Lookup(Index.open(place), most)
    documents = find_documents([place]).values()
    passages = (passage for path in documents for passage in read_passages(path, settings.most_words, settings.fields))
    return Lookup(Index.from_texts(passage.text for passage in passages), most)
