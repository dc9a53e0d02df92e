"""What of a run has to be the same, however often it was killed."""

from minirl.model.tensor_file import TensorFile
from minirl.runs import Run

TIMES = ("seconds", "rollout_seconds", "update_seconds", "rollout_tokens_per_second", "update_tokens_per_second")


def contents(run: Run) -> dict[str, object]:
    """All that a run has learned and logged, without what the clock said."""
    found: dict[str, object] = {}
    for stage in run.stages:
        for name in ("model", "optimizer"):
            file = TensorFile(run.folder / stage / f"{name}.safetensors")
            found |= {f"{stage} {name} {key}": file.read(key).tobytes() for key in file.shapes()}
        state = run.state(stage)
        assert state is not None
        found[f"{stage} state"] = {k: v for k, v in state.items() if k not in ("seconds", "logs")}
    for name in ("metrics.jsonl", "samples.jsonl"):
        found[name] = [{k: v for k, v in r.items() if k not in TIMES} for r in run.records(name)]
    for name in ("tokenizer.json", "results.json"):
        found[name] = (run.folder / name).read_bytes()
    return found


def assert_same(run: Run, expected: Run) -> None:
    """Compare two runs piece by piece, so that a failure names the piece and does not print the weights."""
    wanted, found = contents(expected), contents(run)
    assert found.keys() == wanted.keys()
    different = [name for name, value in wanted.items() if found[name] != value]
    assert not different, different
