"""Makes runs.json: healthy runs of the small job and sick ones, each trained and measured, none invented.

    python lessons/14_main_job/make_runs.py /tmp/runs

It takes four minutes of processor time, and goes on where it was stopped. The healthy runs are also the eight seeds
that a learner's run is compared with.
"""

import json
import shutil
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from minirl.bugs import planted
from minirl.lessons.small_job import SMALL, kinds, rates
from minirl.runs import EvalConfig, Run, Screen
from minirl.storage.files import atomic_write
from minirl.train import train
from minirl.train.branch import branch
from minirl.train.chain import complete

FILE = Path(__file__).with_name("runs.json")
SEEDS, SICK = range(8), range(2)
KEPT = (
    "stage", "step", "loss", "copying", "reward", "informative", "finished", "entropy", "kl_to_start", "grad_norm",
)  # fmt: skip
EVERY = 25  # of the updates of pretraining and SFT, those with this distance are kept, and those with a probe
QUICK = EvalConfig(problems=2, samples=1, dev_problems=24, probes=4)  # nobody asks how well a sick model does


def once(folder, name, make):
    """The run of this name in the folder, which `make` makes where it is not there, or not to its end."""
    if (folder / name / "config.json").is_file() and (run := Run.open(folder / name)).results() is not None:
        return run
    shutil.rmtree(folder / name, ignore_errors=True)
    return make(name)


def from_base(base, name, stage="sft", bug=None, **settings):
    """The rest of a healthy run with other settings of RL, or with a bug."""
    runs, rl = str(base.folder.parent), replace(base.config.rl, **settings)
    config = replace(base.config, name=name, runs=runs, evaluation=QUICK, rl=rl)
    with planted(bug) if bug else nullcontext():
        run = branch(base, stage, config)
        complete(run, Screen(quiet=True))
    return run


def uncopied(base, name):
    """A run whose pretraining is over too soon."""
    runs, pretrain = str(base.folder.parent), replace(base.config.pretrain, steps=70)
    return train(replace(base.config, name=name, runs=runs, evaluation=QUICK, pretrain=pretrain), Screen(quiet=True))


SICKNESSES = (  # (what it is, how it came, the run)
    ("collapse", "a learning rate 20 times too high", lambda base, name: from_base(base, name, learning_rate=2e-2)),
    ("no signal", 'the bug "constant reward"', lambda base, name: from_base(base, name, bug="constant reward")),
    ("no signal", "sampled at a temperature of 0.01", lambda base, name: from_base(base, name, temperature=0.01)),
    ("never ends", 'the bug "masked end"', lambda base, name: from_base(base, name, "pretrain", bug="masked end")),
    ("never copied", "70 updates of pretraining instead of 300", uncopied),
)


def entry(run: Run, truth: str, how: str):
    """A run as it is kept: the measures that can be seen, rounded to four digits."""
    lines = []
    for line in run.records():
        probe = "copying" in line or "dev_loss" in line
        if line["stage"] == "rl" or line.get("step", 0) % EVERY == 1 or probe:
            lines.append({name: rounded(line[name]) for name in KEPT if name in line})
    found = {"truth": truth, "how": how, "seed": run.config.seed, "metrics": lines}
    if truth != "healthy":
        return found
    solved = {
        kind: {stage: rounded(float(rates(run, stage, problems).mean())) for stage in ("sft", "rl")}
        for kind, problems in kinds(run).items()
    }
    return {**found, "solved": solved}


def told(one):
    """The same entry; prints what is in it."""
    rl = [line for line in one["metrics"] if line["stage"] == "rl"]
    copying = [line["copying"] for line in one["metrics"] if "copying" in line]
    rewards = [round(sum(line["reward"] for line in rl[at : at + 10]) / 10, 2) for at in range(0, len(rl), 10)]
    shares = {name: round(sum(line[name] for line in rl) / len(rl), 2) for name in ("informative", "finished")}
    print(one["truth"], one["seed"], one["how"], copying, rewards, shares, one.get("solved", ""), flush=True)
    return one


def rounded(value):
    """Four significant digits."""
    return float(f"{value:.4g}") if isinstance(value, float) else value


def main(folder: Path) -> None:
    """Train all, and write runs.json."""
    bases, found = [], []
    for seed in SEEDS:
        config = replace(SMALL, runs=str(folder), seed=seed)
        make = lambda name, config=config: train(replace(config, name=name), Screen(quiet=True))  # noqa: E731
        bases.append(once(folder, f"healthy-{seed}", make))
        found.append(told(entry(bases[-1], "healthy", "nothing")))
    for number, (truth, how, make) in enumerate(SICKNESSES):
        for seed in SICK:
            run = once(folder, f"sick-{number}-{seed}", lambda name, make=make, seed=seed: make(bases[seed], name))
            found.append(told(entry(run, truth, how)))
    found.sort(key=lambda one: (one["seed"], one["metrics"][-1]["grad_norm"]))  # so that a number tells nothing
    with atomic_write(FILE) as file:
        json.dump(found, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
