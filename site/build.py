"""Build the book: `docs/`, `lessons/` and the docstrings of minirl as one static site, which needs no network.

    pip install -e '.[docs]'
    python site/build.py         then open build/site/html/index.html

Three steps: `book.staging` writes the pages into build/site/pages, Sphinx turns them into build/site/html, and
`book.checks` looks at the result. Any warning and any problem ends it with exit status 1. After a build without
warnings the next one only does what has changed.
"""

import shutil
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "site"
sys.path[:0] = [str(ROOT / "site"), str(ROOT)]  # minirl from this checkout, even where another one is installed

from book.checks import problems
from book.staging import pages, write


def main() -> int:
    """Build and check; returns the exit status."""
    try:
        from sphinx.cmd.build import build_main
    except ImportError:
        print("the book needs Sphinx and what is listed beside it: pip install -e '.[docs]'", file=sys.stderr)
        return 1
    start = time.perf_counter()
    staged, doctrees, html = BUILD / "pages", BUILD / "doctrees", BUILD / "html"
    write(pages(ROOT), staged)
    words = ["-q", "-W", "--keep-going", "-c", ROOT / "site", "-d", doctrees, staged, html]
    if build_main(list(map(str, words))):
        shutil.rmtree(doctrees)  # Sphinx would not repeat its warnings about pages that stay as they are
        return 1
    found = problems(html, ROOT)
    for problem in found:
        print(problem, file=sys.stderr)
    count = sum(1 for _ in html.rglob("*.html"))
    print(f"{html / 'index.html'}: {count} pages, {len(found)} problems, {time.perf_counter() - start:.0f} s")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
