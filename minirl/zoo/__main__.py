"""Compare ways of decoding at equal numbers of tokens, in a table and a plot: python -m minirl.zoo RUN"""

import sys

from minirl.console import run_program
from minirl.zoo.program import main

if __name__ == "__main__":
    sys.exit(run_program(main))
