"""The order in which a stage reads its data, with an explicit cursor that is part of the checkpoint.

Data comes in chunks (an epoch of a fixed set, or the next thousands of generated documents), and chunk k depends on k
and the seed alone. So two small numbers say where a run stands, and a resumed run reads what it would have read.
"""

from collections.abc import Callable, Mapping

from minirl.data.batch import Batch


class Loader:
    """Batches without end: chunk after chunk.

    make_chunk(k) gives the batches of chunk k, the same ones each time it is asked. The cursor is (chunk, batch), the
    place of the batch that `next_batch` will give.
    """

    def __init__(self, make_chunk: Callable[[int], list[Batch]]) -> None:
        self._make_chunk = make_chunk
        self._batches: list[Batch] | None = None
        self.chunk, self.batch = 0, 0

    def next_batch(self) -> Batch:
        """The batch under the cursor; the cursor moves on. Raises ValueError for a chunk without batches."""
        if self._batches is None:
            self._batches = self._load()
        if self.batch >= len(self._batches):
            self.chunk, self.batch = self.chunk + 1, 0
            self._batches = self._load()
        self.batch += 1
        return self._batches[self.batch - 1]

    def _load(self) -> list[Batch]:
        batches = self._make_chunk(self.chunk)
        if not batches:
            raise ValueError(f"Loader: chunk {self.chunk} has no batches; there is nothing to train on")
        return batches

    def state_dict(self) -> dict[str, int]:
        """The cursor, for state.json."""
        return {"chunk": self.chunk, "batch": self.batch}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go to a cursor that state_dict gave."""
        self.chunk, self.batch, self._batches = int(state["chunk"]), int(state["batch"]), None
