"""A tool that looks facts up: <|tool|>search the Milky Way<|/tool|><|result|>The Milky Way is ...<|/result|>

--tools search:PLACE says where: the folder of an index, a folder of texts, search:science for the facts that ship with
minirl, or search:people for the made-up people of the task look_up. The result holds the best passages for the query,
the best first; the toolbox cuts it to its longest.
"""

from minirl.retrieval.index import Index, SearchError
from minirl.retrieval.lookup import open_lookup
from minirl.tasks.look_up import FOUND, PLACE, library
from minirl.tools.tool import ToolError

PASSAGES = 2


class Search:
    """Searches an index. most: passages in a result."""

    name = "search"

    def __init__(self, index: Index, most: int = PASSAGES) -> None:
        self.index, self.most = index, most

    def call(self, argument: str) -> str:
        """The passages that fit the query best. Raises ToolError where none has a word of it."""
        try:
            return " ".join(hit.text for hit in self.index.search(argument, self.most))
        except SearchError as error:
            raise ToolError(str(error)) from None


def search_in(place: str) -> Search:
    """The tool for a place: an index, a folder of texts, "science" or "people". Raises what `open_lookup` raises."""
    if place == PLACE:
        return Search(library()[1], FOUND)
    return Search(open_lookup(place).index)
