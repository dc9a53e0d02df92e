"""Retrieval: the passages of a collection of texts that fit a question, found by their words (BM25).

    >>> from minirl.retrieval import Index, build_index
    >>> build_index(["docs"], "docs.index")                                     # doctest: +SKIP
    >>> Index.open("docs.index").search("What is a reward?", n=5)               # doctest: +SKIP

Read on in this order: bm25.py (the formula), words.py and porter.py (what counts as the same word), passages.py (what
is found), index.py (the search). builder.py, postings.py, folder.py and build.py make an index in bounded memory and
keep it on the disk.
"""

from minirl.retrieval.build import Changes, build_index
from minirl.retrieval.index import Hit, Index, SearchError
from minirl.retrieval.settings import Settings

__all__ = ["Changes", "Hit", "Index", "SearchError", "Settings", "build_index"]
