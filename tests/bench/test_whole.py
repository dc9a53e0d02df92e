"""Whole-model benchmarks: their arithmetic, that contenders are compared, tables and files. No test looks at a time."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minirl import kernels
from minirl.bench import generate, memory, profile, recipe, report, train, whole
from minirl.kernels import peak
from minirl.model import GPTConfig

PEAKS = peak.Peaks(fma=100e9, fma_bf16=None, bandwidth=10e9, source="C kernels")


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole, "PAUSE", 0)
    monkeypatch.setattr(peak, "measure", lambda: PEAKS)


def work(**calls: Callable[[], Any]) -> whole.Work:
    return whole.Work("g", "n", 10, 1e9, 1e6, {name: lambda call=call: call for name, call in calls.items()})


class TestRace:
    def test_contenders_take_turns(self) -> None:
        seen: list[str] = []
        outcome = whole.race(work(minirl=lambda: seen.append("a") or 1.0, torch=lambda: seen.append("b") or 1.0), 2)
        assert "".join(seen) == "ababab", "one call that is not timed, then turns"
        assert set(outcome.seconds) == {"minirl", "torch"} and outcome.tokens == 10

    def test_a_contender_that_computes_something_else_is_refused(self) -> None:
        with pytest.raises(RuntimeError, match=r"PyTorch computed 1\.1, minirl 1\.0"):
            whole.race(work(minirl=lambda: 1.0, torch=lambda: 1.1), 1)
        with pytest.raises(RuntimeError):
            whole.race(work(minirl=lambda: [1, 2], torch=lambda: [1]), 1)

    def test_a_few_tokens_may_differ_by_rounding(self) -> None:
        ids = np.arange(100)
        assert whole.agree(np.where(ids == 7, 0, ids), ids, 1e-3)
        assert not whole.agree(np.where(ids < 7, 0, ids), ids + 1, 1e-3)

    def test_the_table_has_a_line_for_each_contender(self) -> None:
        seconds = {"minirl": 0.1, "torch": 0.3}
        outcome = whole.Outcome("g", "a step", 5e9, 0.0, False, seconds, 200, {"minirl": 1500.0})
        table = whole.table([outcome], PEAKS, "")
        columns = {str(column.header): list(column.cells) for column in table.columns}
        assert columns[""] == ["[bold]a step", "  minirl", "  PyTorch"]
        assert columns["tokens/s"] == ["", "2,000", "667"]
        assert columns["of peak"] == ["", "50%", "17%"]
        assert columns["memory"] == ["", "1,500 MB", ""]
        assert columns["x of minirl's time"] == ["", "", "3.00"]


class TestProfile:
    def test_it_counts_calls_and_floors_and_leaves_the_kernels_as_they_were(self) -> None:
        a = np.ones((30, 20), np.float32)
        before = kernels.matmul, kernels.backend()

        def call() -> None:
            kernels.matmul(a, a, transpose_b=True)
            kernels.matmul(a, a, transpose_a=True)
            kernels.add(a, a)

        found = profile.measure(call, PEAKS, repeats=2)
        assert (kernels.matmul, kernels.backend()) == before
        assert found.lines["matmul"].calls == 2 and found.lines["add"].calls == 1
        flops = 2 * (30 * 30 * 20 + 20 * 20 * 30)
        assert found.lines["matmul"].floor >= flops / PEAKS.fma
        assert found.lines["add"].floor == pytest.approx(3 * a.nbytes / PEAKS.bandwidth)
        assert 0 < found.python < 1
        if kernels.backend() == "native":
            assert 0 < found.lines["matmul"].compiled < found.lines["matmul"].seconds
            assert found.lines["add"].compiled == 0

    def test_attention_counts_the_pairs_that_are_seen(self) -> None:
        fast = peak.Peaks(fma=1.0, fma_bf16=None, bandwidth=1e18, source="")
        q = np.ones((1, 5, 2, 8), np.float32)
        floor = profile.floor("attention", fast, (q,), q, q, q, starts=np.array([0, 2, 5]))
        assert floor == 2 * 4 * 8 * (3 + 6), "heads, two products, documents of 2 and of 3 tokens"
        assert profile.floor("attention", fast, (q,), q, q, q) == 2 * 4 * 8 * 15
        prefixes = np.array([-1, 0])
        floor = profile.floor("attention", fast, (q,), q, q, q, starts=np.array([0, 2, 5]), prefixes=prefixes)
        assert floor == 2 * 4 * 8 * (3 + 6 + 3 * 2), "the second document's 3 tokens see the first's 2 as well"

    def test_the_floor_of_decoding_counts_the_keys_that_are_there(self) -> None:
        q, cache = np.zeros((3, 4, 8), np.float32), np.zeros((5, 100, 2, 8), np.float32)
        slow = peak.Peaks(fma=1.0, fma_bf16=None, bandwidth=1.0, source="")
        lengths, rows = np.array([3, 0, 7, 5, 20], np.int32), np.array([0, 2, 3], np.int32)
        prefixes, key = np.array([4, 4, -1], np.int32), 2 * 2 * 8 * 4
        floor = profile.floor("attention_decode", slow, q, q, cache, cache, lengths, rows=rows, prefixes=prefixes)
        assert floor == 2 * q.nbytes + key * (3 + 7 + 5 + 20), "the prefix that two rows share counts once"

    def test_a_weight_held_in_bfloat16_is_multiplied_at_its_rate(self) -> None:
        quick = peak.Peaks(fma=1.0, fma_bf16=2.0, bandwidth=1e18, source="")
        a, c = np.ones((3, 8), np.float32), np.ones((3, 5), np.float32)
        flops = 2 * 3 * 8 * 5
        assert profile.floor("matmul", quick, c, a, np.ones((5, 8), np.float32), transpose_b=True) == flops
        assert profile.floor("matmul", quick, c, a, np.ones((5, 8), np.uint16), transpose_b=True) == flops / 2


class TestWorkCounted:
    def test_generation_reads_the_weights_once_a_token_and_the_keys_of_every_token(self) -> None:
        config = GPTConfig(vocab_size=7, n_layer=1, n_head=1, d_model=4)
        blocks = 4 * (12 + 4 + 8 * 4)
        flops, size = generate.least_work(config, np.array([3, 1]), np.array([2, 1]))
        keys = (1 + 2 + 3 + 4) + 1
        assert flops == 2 * blocks * 5 + 2 * 28 * 3 + 4 * 4 * keys
        assert size == 4 * ((blocks + 28) * 2 + 2 * 4 * 4)

    def test_weights_in_bfloat16_are_half_the_bytes_to_read_and_keys_are_not(self) -> None:
        config = GPTConfig(vocab_size=7, n_layer=1, n_head=1, d_model=4)
        (_, size), (_, half) = (generate.least_work(config, np.array([3]), np.array([2]), size) for size in (4, 2))
        assert size - half == 2 * 2 * config.matmul_weights(), "each weight twice, two bytes less each time"

    @pytest.mark.parametrize("has_bf16", [True, False])
    def test_requests_in_bfloat16_stand_beside_those_in_float32(
        self, has_bf16: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(peak, "has_bf16", lambda: has_bf16)
        found = list(generate.requests(quick=False))
        assert {request.group for request in found} <= set(generate.GROUPS)
        assert [r for r in found if r.bf16 == r.int8 and r.alone] == list(generate.ROWS)
        plain, halved = ([r for r in found if r.bf16 == bf16 and not r.alone] for bf16 in (False, True))
        assert plain == list(generate.REQUESTS)
        names = [f"{request.name}  bfloat16" for request in plain if not request.answer]
        assert [request.name for request in halved] == (names if has_bf16 else [])

    def test_rows_end_by_themselves_after_different_lengths(self) -> None:
        request = generate.QUICK[-1]
        made = generate.minirl_call(request)()
        lengths = (made >= 0).sum(axis=1)
        assert made.shape == (request.B, request.new) and len(set(lengths)) > 2
        assert all(made[row, n - 1] == 0 for row, n in enumerate(lengths) if n < request.new)


class TestMemory:
    def test_a_fresh_process_tells_its_growth(self) -> None:
        made = next(made for made in train.works(quick=True) if made.group == "small")
        size = memory.footprint("train", made.name, "minirl", 1, True)
        assert size is None or 0 < size < 200

    def test_one_that_takes_too_long_or_fails_says_so(self) -> None:
        with pytest.raises(memory.Unfinished, match="not ready after 0 s"):
            memory.footprint("train", "", "minirl", 1, True, limit=0.01)
        with pytest.raises(memory.Unfinished, match="StopIteration"):
            memory.footprint("train", "no such work", "minirl", 1, True)


class TestPrograms:
    def test_train(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setattr(memory, "footprint", lambda module, work, contender, *rest: 100.0 + len(work))
        data, picture = tmp_path / "train.json", tmp_path / "train.png"
        flags = ["--quick", "--repeats", "1", "--compile-seconds", "0", "--json", str(data), "--plot", str(picture)]
        train.main([*flags, "--threads", str(kernels.get_threads())])
        printed = capsys.readouterr().out
        for wanted in ("tiny  2 x 16  float32", "of minirl's time is Python", "growth a token"):
            assert wanted in printed
        rows = json.loads(data.read_text(encoding="utf-8"))["results"]
        assert rows[0]["tokens"] == 32
        assert all(row["memory"]["minirl"] > 100 and "torch compiled" not in row["seconds"] for row in rows)
        assert picture.read_bytes().startswith(b"\x89PNG")

    def test_a_contender_that_cannot_take_part_is_left_out_with_its_reason(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def footprint(module: str, work: str, contender: str, *rest: Any) -> float:
            if contender == "torch compiled":
                raise memory.Unfinished("not ready after 300 s")
            return 5.0

        monkeypatch.setattr(memory, "footprint", footprint)
        notes: list[str] = []
        made = work(**{"minirl": lambda: 1.0, "torch compiled": lambda: 1.0})
        ready, sizes = train.prepare(made, 1, train.Options(), notes)
        assert list(ready.contenders) == ["minirl"] and sizes == {"minirl": 5.0}
        assert notes == ["n: PyTorch, compiled left out: not ready after 300 s"]

    def test_generate(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        data = tmp_path / "generate.json"
        flags = ["--quick", "--repeats", "1", "--only", "rollouts", "--json", str(data)]
        generate.main([*flags, "--threads", str(kernels.get_threads())])
        assert "tiny rows  9 x 3 to 8 + 12, ends after 5 on average" in capsys.readouterr().out
        (row,) = json.loads(data.read_text(encoding="utf-8"))["results"]
        assert 9 <= row["tokens"] <= 9 * 12

    @pytest.mark.parametrize("has_bf16", [True, False])
    def test_generate_in_bfloat16(
        self, has_bf16: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(peak, "has_bf16", lambda: has_bf16)
        data = tmp_path / "generate.json"
        flags = ["--quick", "--repeats", "1", "--only", "llama", "--json", str(data)]
        generate.main([*flags, "--threads", str(kernels.get_threads())])
        rows = json.loads(data.read_text(encoding="utf-8"))["results"]
        assert [row["bf16"] for row in rows] == ([False, True] if has_bf16 else [False])
        assert all(row["tokens"] == 4 for row in rows)
        assert ("bfloat16 left out" in capsys.readouterr().out) == (not has_bf16)

    def test_recipe(self, capsys: pytest.CaptureFixture[str]) -> None:
        recipe.main(["--quick", "--repeats", "1", "--threads", str(kernels.get_threads())])
        printed = capsys.readouterr().out
        for wanted in ("2 pretraining updates", "rollouts of 4 x 4 episodes", "the update from 16 episodes"):
            assert wanted in printed
        assert "60 pretraining updates, 3 rollouts and their updates: minirl" in printed

    def test_every_contender_has_a_name(self) -> None:
        works = [*train.works(quick=True), *map(generate.work, generate.QUICK)]
        assert {name for made in works for name in made.contenders} <= set(report.TITLES)
