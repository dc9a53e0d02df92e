"""What the README shows is what happens."""

import doctest
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"


def test_the_examples_print_what_the_readme_says():
    failures, tried = doctest.testfile(str(README), module_relative=False)
    assert tried > 10 and failures == 0
