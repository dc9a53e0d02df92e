"""Train a model end to end: pretraining, fine-tuning, reinforcement learning, report: python -m minirl.train"""

import sys

from minirl.console import run_program
from minirl.train.program import main

if __name__ == "__main__":
    sys.exit(run_program(main))
