"""Evaluate a run: solve problems that training never saw with each of its models, and print the table.

    python -m minirl.evaluate RUN

Every model gets the same problems. Greedy accuracy, pass@k and majority@k come with 95% intervals: Wilson's for shares
of problems, bootstrap over problems for means. The run's seed draws the problems, so the table can be repeated; --seed
draws others. The answers are kept in the run's folder, so a second evaluation only reads them.

More columns, and all results as a file:

    python -m minirl.evaluate runs/roger --k 1,4,8 --json roger.json

Another task:

    python -m minirl.evaluate runs/roger --task arithmetic --limit 200

Questions with options, of which the likeliest is chosen, so that a base model can be asked too:

    python -m minirl.evaluate runs/base-5m --task arc-easy

Other decoding: beam search in the place of greedy decoding, samples that begin hot and end cool, other votes:

    python -m minirl.evaluate runs/roger --stages sft --beam 4
    python -m minirl.evaluate runs/roger --stages sft --samples 16 --temperature 1.5:0.3/20 --choose

Without reasoning, to see what it is good for:

    python -m minirl.evaluate runs/roger --form direct

With other tools than its own: none, or a control in which each call gets the result of another call:

    python -m minirl.evaluate runs/calculator --tools

    python -m minirl.evaluate runs/calculator --tools calculator:shuffled

What went wrong where the answer is wrong: numbers, plan, calls, arithmetic?

    python -m minirl.evaluate runs/calculator --faults --split unseen

A model that was published: its folder, or its GGUF file (docs/models.md):

    python -m minirl.evaluate SmolLM2-135M-Instruct --task arithmetic --limit 100

Two models, compared problem by problem:

    python -m minirl.evaluate --compare runs/roger:rl runs/roger:sft

Several runs with different seeds: what to expect of another one?

    python -m minirl.evaluate --together runs/roger runs/roger-2 runs/roger-3

Do the test problems occur in the training text?

    python -m minirl.evaluate runs/roger --contamination

How often do the answer checkers err?

    python -m minirl.evaluate --audit
"""

import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from minirl import flags
from minirl.console import printable
from minirl.evaluate import actions
from minirl.evaluate.arguments import Arguments, check
from minirl.evaluation import together
from minirl.evaluation.model import open_model
from minirl.ranks import RanksError, on_all_ranks
from minirl.runs import Run, Screen, open_run
from minirl.runs.ranks import check_ranks
from minirl.storage.files import atomic_write


def chosen_action(arguments: Arguments) -> Callable[[Run, Arguments, Screen], dict[str, Any]]:
    """What is done with a run."""
    if arguments.contamination:
        return actions.scan
    if arguments.faults:
        return actions.split_faults
    return actions.choose_options if actions.chooses_options(arguments) else actions.evaluate


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit status: 0 done, 1 an error. Started by mpiexec, several ranks answer."""
    return on_all_ranks(partial(work, argv))


def work(argv: Sequence[str] | None) -> int:
    """The program on the rank that leads."""
    arguments = flags.parse(Arguments, argv, "python -m minirl.evaluate", __doc__)
    screen = Screen()
    try:
        check(arguments)
        check_ranks(screen)
        if arguments.audit:
            report = actions.audit_checkers(screen)
        elif arguments.together:
            report = together.show([Run.open(folder) for folder in arguments.together], screen)
        elif arguments.compare is not None:
            first, second = map(open_model, arguments.compare)
            report = actions.compare_models(first, second, arguments, screen)
        else:
            run = open_run(arguments.run or "")
            report = chosen_action(arguments)(run, arguments, screen)
        if arguments.json is not None:
            with atomic_write(arguments.json) as file:
                json.dump(report, file, indent=2, ensure_ascii=False)
                file.write("\n")
            screen.say(f"written: {arguments.json}")
    except (OSError, ValueError, RanksError) as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    return 0
