"""Do the worked example anew: python lessons/capstone/make_example.py, about two minutes of one core.

It takes solution.py and example/plan.toml as they are, does the pilot, seals, runs, and puts the new ledger, the page
and its picture into example/. `--page` makes the page anew from the ledger that is there. Then read example/report.md
again: its words have to fit the numbers. `python -m minirl.lessons build capstone` renews the notebook.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

from minirl import kernels
from minirl.lessons.study import page
from minirl.lessons.study.ledger import LEDGER, read_ledger
from minirl.lessons.study.picture import PICTURE, picture
from minirl.lessons.study.plan import PLAN
from minirl.lessons.study.study import FILE, Study
from minirl.runs import Screen

HERE = Path(__file__).parent
EXAMPLE = HERE / "example"


def make(folder: Path) -> Study:
    """The study in a folder, sealed and run."""
    shutil.copyfile(HERE / "solution.py", folder / FILE)
    shutil.copyfile(EXAMPLE / PLAN, folder / PLAN)
    study, quiet = Study.open(folder), Screen(quiet=True)
    print("pilot on dev:", study.pilot(quiet)["value"])
    print("sealed:", study.set_seal()["seal"])
    for seed in study.missing():
        entry = study.run(seed, quiet)
        print(f"seed {seed}: {entry['value']:.1f}; {reward(folder / entry['folders'][0])}", flush=True)
    for fault in study.faults():
        print("fault:", fault)
    return study


def reward(run: Path) -> str:
    """The mean reward of a run's first and last ten steps of RL."""
    lines = map(json.loads, (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines())
    found = [line["reward"] for line in lines if line["stage"] == "rl" and "reward" in line]
    return f"reward {sum(found[:10]) / 10:.0%} at first, {sum(found[-10:]) / 10:.0%} in the end"


def write_page() -> None:
    """The page of the example and its picture, from its ledger and its report."""
    known = page.facts(read_ledger(EXAMPLE))
    made = page.filled((EXAMPLE / page.REPORT).read_text(encoding="utf-8"), known)
    (EXAMPLE / page.PAGE).write_text(made, encoding="utf-8")
    picture(known).save(EXAMPLE / PICTURE)


if __name__ == "__main__":
    if sys.argv[1:] != ["--page"]:
        print(f"instruction set: {kernels.isa()}")
        with tempfile.TemporaryDirectory() as scratch:
            shutil.copyfile(make(Path(scratch)).folder / LEDGER, EXAMPLE / LEDGER)
    write_page()
