"""Solve held-out problems with the models of a run, and compare models: python -m minirl.evaluate RUN"""

import sys

from minirl.console import run_program
from minirl.evaluate.program import main

if __name__ == "__main__":
    sys.exit(run_program(main))
