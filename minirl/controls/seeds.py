"""What the default run reaches with several seeds, as last measured: a file that ships, and the table made of it.

    python -m minirl.evaluate --together runs/roger runs/roger-2 ... --json data/results/seeds.json     # measure again
    python -m minirl.controls.seeds                                                 # put it into docs/results.md

docs/results.md prints these numbers, and the course compares a learner's run with them. The first set was measured with
AVX-512 in float32; another instruction set or precision rounds differently, and has a file of its own.
"""

import json
from pathlib import Path

from minirl.evaluation.estimate import Estimate
from minirl.evaluation.markdown import fill, markdown_table
from minirl.evaluation.together import Together
from minirl.storage import shipped
from minirl.storage.files import atomic_write

PAGE = Path("docs/results.md")
FILES = {  # the name of the table -> what it is made of
    "seeds": "data/results/seeds.json",
    "seeds-avx2": "data/results/seeds-avx2.json",
    "seeds-bfloat16": "data/results/seeds-bfloat16.json",
}
REWORDINGS = 20  # of the running example: of these, the number solved is printed and not the share
COLUMNS = {  # of the table
    ("unseen", "sft", "greedy"): "greedy after SFT",
    ("unseen", "rl", "greedy"): "greedy after RL",
    ("unseen", "sft", "pass@8"): "pass@8 after SFT",
    ("unseen", "rl", "pass@8"): "pass@8 after RL",
    ("Roger reworded", "rl", "greedy"): "reworded",
    ("science paraphrases", "sft", "greedy"): "paraphrases after SFT",
    ("science paraphrases", "rl", "greedy"): "paraphrases after RL",
}


def published(name: str = "seeds") -> dict[tuple[str, str, str], Together]:
    """(split, stage, measure) of the default run with several seeds: a share from 0 to 1 for each seed, in the order of
    the seeds, and their mean with its 95% interval. name: one of FILES."""
    report = json.loads(shipped(FILES[name]).read_text(encoding="utf-8"))
    return {
        (one["split"], one["stage"], one["measure"]): Together(
            one["values"], Estimate(one["mean"], one["low"], one["high"])
        )
        for one in report["measures"]
    }


def table(name: str = "seeds") -> str:
    """A table of docs/results.md: one of FILES."""
    found = published(name)
    columns = {name: (found[key], REWORDINGS if "reworded" in key[0] else 100) for key, name in COLUMNS.items()}
    seeds = range(len(next(iter(columns.values()))[0].values))
    rows = []
    for seed in seeds:
        cells = [f"{scale * one.values[seed]:.{0 if scale == REWORDINGS else 1}f}" for one, scale in columns.values()]
        rows.append([str(seed), *cells])
    rows.append(["mean", *(f"{scale * one.mean.value:.1f}" for one, scale in columns.values())])
    intervals = (f"{scale * one.mean.low:.1f} to {scale * one.mean.high:.1f}" for one, scale in columns.values())
    rows.append(["95% interval of the mean", *intervals])
    return markdown_table(["seed", *columns], rows)


def main() -> None:
    """Put the tables into docs/results.md, below the top folder of a checkout."""
    text = fill(PAGE.read_text(encoding="utf-8"), {name: table(name) for name in FILES})
    with atomic_write(PAGE) as file:
        file.write(text)


if __name__ == "__main__":
    main()
