"""Solve held-out problems with the models of a run, and compare models: python -m minirl.evaluate RUN"""

import sys

from minirl.evaluate.program import main

if __name__ == "__main__":
    sys.exit(main())
