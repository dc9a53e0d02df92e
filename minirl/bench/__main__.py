"""`python -m minirl.bench [WHAT] [flags]`: one benchmark, `kernels` unless WHAT is given; --help lists its flags."""

import importlib
import sys

BENCHMARKS = {name: f"minirl.bench.{name}" for name in ("kernels", "steps", "train", "generate", "recipe", "tokenizer")}


def main() -> None:
    has_word = len(sys.argv) > 1 and not sys.argv[1].startswith("-")
    what = sys.argv.pop(1) if has_word else "kernels"
    if what not in BENCHMARKS:
        sys.exit(f"python -m minirl.bench: there is no benchmark {what!r}; choose one of {', '.join(BENCHMARKS)}")
    importlib.import_module(BENCHMARKS[what]).main()


if __name__ == "__main__":
    main()
