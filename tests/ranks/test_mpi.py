"""Whole runs under mpiexec: the same bits on 1, 2 and 4 ranks, before and after a rank dies.

Skipped where mpi4py or mpiexec is not here: `pip install mpi4py mpich`.
"""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from minirl.runs import STAGES

MPIEXEC = shutil.which("mpiexec")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        MPIEXEC is None or importlib.util.find_spec("mpi4py") is None,
        reason="needs mpi4py and mpiexec: pip install mpi4py mpich",
    ),
]
FLAGS = """
    --preset smoke --model.vocab-size 300 --model.n-layer 1 --model.d-model 32 --model.d-ff 64
    --model.context-length 256 --pretrain.steps 8 --pretrain.warmup 2 --pretrain.batch-tokens 600
    --sft.demonstrations 16 --sft.epochs 1 --sft.warmup 1 --rl.steps 2 --rl.prompts 4 --rl.samples 2
    --rl.max-new-tokens 8 --rl.kl 0.1 --evaluation.problems 4 --evaluation.dev-problems 2 --evaluation.probes 1
    --evaluation.max-new-tokens 8 --evaluation.science-tokens 4
"""
TINY = FLAGS.split()
OPEN_MPI = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
}
ALLOWED = {**os.environ, **OPEN_MPI, "OMP_NUM_THREADS": "1"}


def command(ranks: int, *words: object) -> list[str]:
    """A command line for so many ranks; for one, without mpiexec."""
    start = [str(MPIEXEC), "-n", str(ranks)] if ranks > 1 else []
    return [*start, sys.executable, *map(str, words)]


def train(ranks: int, *flags: object) -> str:
    """Train, and return what was printed."""
    done = subprocess.run(
        command(ranks, "-m", "minirl.train", *flags), env=ALLOWED, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def checksums(run: Path) -> dict[str, str]:
    """Of the weights and the optimizer of every stage, of the results, and of the episodes."""
    files = [run / stage / f"{name}.safetensors" for stage in STAGES for name in ("model", "optimizer")]
    files += [run / "results.json", run / "samples.jsonl"]
    return {str(file.relative_to(run)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def four_shards(runs: Path) -> dict[str, str]:
    """The checksums of a run in four shards by one process."""
    train(1, *TINY, "--shards", 4, "--runs", runs, "--name", "one")
    return checksums(runs / "one")


@pytest.mark.parametrize("ranks", [2, 4])
def test_the_same_bits_on_any_number_of_ranks(ranks: int, runs: Path, four_shards: dict[str, str]) -> None:
    said = train(ranks, *TINY, "--shards", 4, "--runs", runs, "--name", f"ranks-{ranks}")
    assert checksums(runs / f"ranks-{ranks}") == four_shards
    assert f"{ranks} ranks: 0-{ranks - 1} on " in said
    shares = [int(n.replace(",", "")) for n in re.findall(r"rank \d on \S+: ([\d,]+) tokens trained", said)]
    assert len(shares) == ranks and min(shares) > 0.5 * max(shares), said
    generated = [int(n.replace(",", "")) for n in re.findall(r"trained, ([\d,]+) generated", said)]
    assert len(generated) == ranks and min(generated) > 0, said
    logged = [json.loads(line) for line in (runs / f"ranks-{ranks}" / "metrics.jsonl").read_text().splitlines()]
    supervised = sum(line["tokens"] for line in logged if line["stage"] in ("pretrain", "sft"))
    assert sum(shares) > supervised  # and what reinforcement learning read


def test_one_shard_has_the_bits_of_one_process(runs: Path) -> None:
    train(1, *TINY, "--runs", runs, "--name", "plain")
    said = train(2, *TINY, "--runs", runs, "--name", "plain-2")
    assert checksums(runs / "plain-2") == checksums(runs / "plain")
    assert "they share rollouts and evaluation" in said and "--shards 8" in said


def test_workers_have_the_same_bits_on_one_rank_and_on_two(runs: Path) -> None:
    flags = [*TINY, "--last-stage", "pretrain", "--shards", 2, "--diloco.inner-steps", 3, "--runs", runs]
    found = []
    for ranks in (1, 2):
        train(ranks, *flags, "--name", f"workers-{ranks}")
        stage = runs / f"workers-{ranks}" / "pretrain"
        found.append([(stage / f"{name}.safetensors").read_bytes() for name in ("model", "optimizer")])
    assert found[0] == found[1]


def test_evaluation_on_several_ranks(runs: Path, four_shards: dict[str, str]) -> None:
    found = []
    for ranks in (1, 2):
        out = runs / f"evaluated-{ranks}.json"
        words = ["-m", "minirl.evaluate", runs / "one", "--limit", 10, "--seed", 5, "--json", out]
        subprocess.run(command(ranks, *words), env=ALLOWED, check=True, capture_output=True, timeout=600)
        shutil.rmtree(runs / "one" / "answers")
        found.append(out.read_bytes())
    assert found[0] == found[1]


def test_a_rank_that_is_killed_ends_the_job_and_others_go_on(runs: Path, four_shards: dict[str, str]) -> None:
    words = ["-m", "minirl.train", *TINY, "--shards", 4, "--checkpoint-seconds", 0, "--runs", runs, "--name", "killed"]
    job = subprocess.Popen(command(2, *words), env=ALLOWED, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    state = runs / "killed" / "pretrain" / "state.json"
    ends = time.monotonic() + 300
    while not state.exists() and time.monotonic() < ends:
        time.sleep(0.01)
    process = rank_of(job.pid, 1)
    os.kill(process, signal.SIGKILL)
    said, _ = job.communicate(timeout=300)
    assert job.returncode != 0, said
    assert not (runs / "killed" / "report.md").exists(), "the run ended before its rank was killed"
    assert re.search(rf"PID {process} RUNNING AT|rank 1", said), said  # MPICH's mpiexec, and Open MPI's
    train(4, "--resume", runs / "killed")
    assert checksums(runs / "killed") == four_shards


def test_an_error_on_a_rank_names_it_and_ends_the_job(tmp_path: Path) -> None:
    program = tmp_path / "fails.py"
    program.write_text(
        "import sys\n"
        "from minirl.ranks import everywhere, on_all_ranks\n"
        "def loses(group):\n"
        "    if group.rank == 1:\n"
        "        raise KeyError('lost')\n"
        "    group.exchange(1 - group.rank, *__import__('numpy').zeros((2, 3)))\n"
        "def main():\n"
        "    everywhere(loses)\n"
        "    return 0\n"
        "import fails\n"  # functions are found by their module's name
        "sys.exit(on_all_ranks(fails.main)) if __name__ == '__main__' else None\n"
    )
    done = subprocess.run(command(2, program), env=ALLOWED, capture_output=True, text=True, timeout=120)
    assert done.returncode != 0
    assert re.search(r"rank 1 of 2, on \S+: KeyError: 'lost'", done.stderr), done.stderr
    assert "--resume" in done.stderr


def rank_of(job: int, rank: int) -> int:
    """The process number of a rank of a job."""
    for _ in range(1000):
        for path in Path("/proc").glob("[0-9]*"):
            try:
                variables = (path / "environ").read_bytes().split(b"\0")
                words = (path / "cmdline").read_bytes()
            except OSError:
                continue
            names = {b"PMI_RANK=%d" % rank, b"OMPI_COMM_WORLD_RANK=%d" % rank}
            if names & set(variables) and b"minirl.train" in words and descends(int(path.name), job):
                return int(path.name)
        time.sleep(0.01)
    raise AssertionError(f"there is no rank {rank}")


def descends(process: int, ancestor: int) -> bool:
    """Whether a process was started by another, directly or not."""
    while process > 1 and process != ancestor:
        try:
            process = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return False
    return process == ancestor
