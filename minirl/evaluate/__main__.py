import sys

from minirl.console import run_program
from minirl.evaluate.program import main

if __name__ == "__main__":
    sys.exit(run_program(main))
