"""Train and measure judges of answers: python -m minirl.rewards

    python -m minirl.rewards verifier runs/roger            # learns from the run's own answers, RUN/verifier
    python -m minirl.rewards overoptimise runs/roger        # proxy reward against gold, by best of n
    python -m minirl.rewards followed runs/preferences      # proxy reward against right answers, by PPO
    python -m minirl.rewards values runs/roger              # how good a value function is, against many samples
    python -m minirl.rewards quality runs/a runs/b          # right answers beside valid reasoning
    python -m minirl.rewards people MODEL                   # a reward model from people's labels, beside simple judges
    python -m minirl.rewards cost runs/roger                # the time of an update of PPO, beside REINFORCE's

docs/rewards.md explains them. After `verifier`, `python -m minirl.zoo RUN --verifier` has its rows too.
"""

import sys
from collections.abc import Sequence

from minirl import flags
from minirl.console import run_program
from minirl.rewards.cost import cost
from minirl.rewards.followed import followed
from minirl.rewards.overoptimise import overoptimise
from minirl.rewards.people import people
from minirl.rewards.quality import quality
from minirl.rewards.values import values
from minirl.rewards.verify import verifier

COMMANDS = {
    "verifier": verifier,
    "overoptimise": overoptimise,
    "followed": followed,
    "values": values,
    "quality": quality,
    "people": people,
    "cost": cost,
}


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit status: 0 done, 1 an error."""
    chosen = flags.command(COMMANDS, argv, "python -m minirl.rewards", __doc__)
    try:
        chosen()
    except (OSError, ValueError) as error:
        print(str(error), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(run_program(main))
