"""The order in which a stage reads its data, with an explicit cursor that is part of the checkpoint.

Data comes in chunks: an epoch of a fixed set, or the next thousands of generated documents. Chunk k depends only on k
and the seed. So two small numbers say where a run is in its data, and a resumed run reads on exactly there.
"""

from collections.abc import Callable, Mapping, Sequence

from minirl.data.batch import Batch


class Loader:
    """Endless batches, chunk after chunk.

    make_chunk(k) returns the batches of chunk k, the same ones at every call. The cursor is (chunk, batch): the place
    of the batch that `next_batch` returns next.
    """

    def __init__(self, make_chunk: Callable[[int], Sequence[Batch]]) -> None:
        self._make_chunk = make_chunk
        self._batches: Sequence[Batch] | None = None
        self.chunk, self.batch = 0, 0

    def next_batch(self) -> Batch:
        """The batch at the cursor; then the cursor moves on. Raises ValueError for a chunk without batches."""
        if self._batches is None:
            self._batches = self._load()
        if self.batch >= len(self._batches):
            self.chunk, self.batch = self.chunk + 1, 0
            self._batches = self._load()
        self.batch += 1
        return self._batches[self.batch - 1]

    def _load(self) -> Sequence[Batch]:
        batches = self._make_chunk(self.chunk)
        if not batches:
            raise ValueError(f"Loader: chunk {self.chunk} has no batches; there is nothing to train on")
        return batches

    def state_dict(self) -> dict[str, int]:
        """The cursor, for state.json."""
        return {"chunk": self.chunk, "batch": self.batch}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Move the cursor to a place that `state_dict` returned."""
        self.chunk, self.batch, self._batches = int(state["chunk"]), int(state["batch"]), None
