"""Train a tokenizer, encode and decode with it, see how it cuts a text: python -m minirl.tokenizer

    python -m minirl.tokenizer train FILES --vocab-size 4096 --out tokenizer.json
    python -m minirl.tokenizer encode FILE --out ids.bin      # int32, little-endian
    python -m minirl.tokenizer decode ids.bin
    python -m minirl.tokenizer inspect "Roger has 5 tennis balls."

The last three use tokenizer.json in the current folder, or another file that --tokenizer names, such as the
tokenizer.json in the folder of a run.
"""

import re
import sys
import time
import warnings
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import tyro
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from minirl import flags
from minirl.console import printable, run_program
from minirl.storage.files import atomic_write
from minirl.storage.strict_json import brief
from minirl.tokenizer import DEFAULT_PATTERN, DEFAULT_SPECIAL_TOKENS, Tokenizer
from minirl.tokenizer.pretokenize import read_text, resolve

Files = tyro.conf.Positional[tuple[Path, ...]]
File = tyro.conf.Positional[Path]
Words = tyro.conf.Positional[str]
Errors = Literal["strict", "replace"]
Count = Annotated[int, tyro.conf.arg(metavar="TOKENS")]

_COLOURS = ("on dark_blue", "on dark_green", "on dark_red", "on purple4", "on orange4", "on grey30")


def train(
    files: Files,
    vocab_size: Count = 32768,
    out: Path | None = None,
    pattern: str = DEFAULT_PATTERN,
    special_tokens: tuple[str, ...] = DEFAULT_SPECIAL_TOKENS,
    errors: Errors = "strict",
    threads: int | None = None,
) -> None:
    """Learn a vocabulary from UTF-8 text files and write it as tokenizer.json.

    Args:
        files: The texts to learn from. They may be larger than memory.
        vocab_size: Tokens in the vocabulary, with the 256 bytes and the special tokens.
        out: The file to write; a file of that name is replaced. Default: tokenizer.json, if there is none yet.
        pattern: How text is cut before bytes are merged: gpt2 (a number is one chunk), gpt4 (up to 3 digits are),
            gpt4-digits (each digit is), or a regular expression. `python -m minirl.train` uses gpt2, because its
            numbers are small; for other text separate digits are safer.
        special_tokens: Special tokens; ordinary text is never encoded to them.
        errors: What to do with bytes that are not UTF-8: strict stops and says where, replace reads U+FFFD.
        threads: Threads to use. Default: all cores that this process may use.
    """
    if not files:
        raise ValueError("name at least one file to learn from")
    if out is None:
        out = Path("tokenizer.json")
        if out.exists():
            raise ValueError(f"{out} is here already: --out {out} replaces it, and another name keeps it")
    resolve(pattern)  # a mistyped name is refused before any text is read
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[amount]}"), TimeElapsedColumn())
    start = time.perf_counter()
    size = sum(path.stat().st_size for path in files)
    with Progress(*columns, console=console) as bar:
        reading = bar.add_task("reading", total=size, amount="")
        merging = bar.add_task("merging", total=None, amount="", start=False)

        def progress(stage: str, done: int, total: int | None) -> None:
            if stage == "reading":
                bar.update(reading, completed=done, amount=f"{done / 1e6:,.0f} million characters")
            else:
                bar.update(reading, completed=size)
                if not bar.tasks[1].started:
                    bar.start_task(merging)
                bar.update(merging, completed=done, total=total, amount=f"{done:,} of {total:,} merges")

        tokenizer = Tokenizer.train_files(
            files,
            vocab_size,
            pattern=pattern,
            special_tokens=special_tokens,
            errors=errors,
            threads=threads,
            progress=progress,
        )
        made = len(tokenizer.merges)  # fewer than asked for, if the text has no more pairs
        bar.start_task(merging)
        bar.update(merging, completed=made or 1, total=made or 1, amount=f"{made:,} merges")
    seconds = time.perf_counter() - start
    tokenizer.save(out)
    n_ids = sum(len(ids) for path in files for ids in tokenizer.encode_file(path, errors=errors))
    ordinary = [tokenizer.token_bytes(number) for number in range(len(tokenizer) - len(tokenizer.special_tokens))]
    longest = sorted(ordinary, key=len, reverse=True)[:8]
    table = Table(show_header=False, box=None)
    table.add_row("written", str(out))
    table.add_row("tokens", f"{len(tokenizer):,}, including {len(tokenizer.special_tokens)} special tokens")
    table.add_row("text", f"{size:,} bytes, {n_ids:,} tokens: {size / max(n_ids, 1):.2f} bytes per token")
    table.add_row("longest tokens", Text("  ".join(repr(token.decode("utf-8", "replace")) for token in longest)))
    table.add_row("time", f"{seconds:.1f} s to learn")
    Console().print(table)


def encode(
    file: File, out: Path | None = None, tokenizer: Path = Path("tokenizer.json"), errors: Errors = "strict"
) -> None:
    """Encode a UTF-8 file of any size; print the ids, or write them as little-endian int32.

    Args:
        file: The text.
        out: Write the ids to this file. Without it they are printed, separated by spaces.
        tokenizer: The tokenizer to use.
        errors: What to do with bytes that are not UTF-8: strict stops and says where, replace reads U+FFFD.
    """
    blocks = Tokenizer.load(tokenizer).encode_file(file, errors=errors)
    if out is None:
        for ids in blocks:
            print(*ids.tolist(), end=" ")
        print()
        return
    count = 0
    with atomic_write(out, "wb") as written:
        for ids in blocks:
            written.write(ids.astype("<i4").tobytes())
            count += len(ids)
    print(f"written: {printable(str(out))}, {count:,} ids")


def decode(file: File, tokenizer: Path = Path("tokenizer.json"), skip_special: bool = False) -> None:
    """Print the text of the ids in a file.

    Args:
        file: The ids: a .bin file of `encode --out` (little-endian int32), or a text file of numbers and spaces.
        tokenizer: The tokenizer that made them.
        skip_special: Leave special tokens out.
    """
    if file.suffix == ".bin":
        ids = read_binary(file)
    else:
        ids = [read_id(word, file) for word in "".join(read_text(file)).split()]
    tok = Tokenizer.load(tokenizer)
    if sys.stdout.isatty():
        print(printable(tok.decode(ids, skip_special)))
        return
    sys.stdout.buffer.write(tok.decode_bytes(ids, skip_special))
    sys.stdout.buffer.flush()


def read_binary(file: Path) -> list[int]:
    """The ids of a file of little-endian int32. ValueError where it ends in the middle of one."""
    data = file.read_bytes()
    if len(data) % 4:
        raise ValueError(f"{file} has {len(data):,} bytes; ids of 4 bytes each need a multiple of 4")
    ids: list[int] = np.frombuffer(data, "<i4").tolist()
    return ids


def read_id(word: str, file: Path) -> int:
    """A token id. ValueError for what is no whole number."""
    if not re.fullmatch("-?[0-9]{1,20}", word):
        raise ValueError(f"{file} holds {brief(word)}; expected token ids: whole numbers with spaces between them")
    return int(word)


def inspect(text: Words, tokenizer: Path = Path("tokenizer.json"), allow_special: bool = False) -> None:
    """Show how a text is cut into tokens: coloured blocks, each with its id.

    Args:
        text: The text to look at.
        tokenizer: The tokenizer to use.
        allow_special: Recognise special tokens in the text.
    """
    tok = Tokenizer.load(tokenizer)
    ids = tok.encode(text, "all" if allow_special else ())
    blocks = Text()
    for place, number in enumerate(ids):
        colour = _COLOURS[place % len(_COLOURS)]
        blocks.append(f" {readable(tok.token_bytes(number))} ", f"bold white {colour}")
        blocks.append(f"{number} ", f"dim {colour}")
        blocks.append(" ")
    Console().print(blocks)
    Console().print(f"{len(ids)} tokens, {len(text.encode('utf-8', 'surrogatepass'))} bytes")


def readable(token: bytes) -> str:
    r"""A token with visible spaces and control characters: b" the\n" -> "␣the⏎". Invalid UTF-8 becomes \x.."""
    text = token.decode("utf-8", "backslashreplace")
    text = text.replace(" ", "␣").replace("\n", "⏎")
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def main(argv: list[str] | None = None) -> int:
    """Run a command; returns the exit status. Bad input gives one line and exit status 1."""
    commands = {"train": train, "encode": encode, "decode": decode, "inspect": inspect}
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *rest, **more: print(f"warning: {message}", file=sys.stderr)
            flags.command(commands, argv, "python -m minirl.tokenizer", __doc__)()
    except BrokenPipeError:  # the reader has left: run_program ends quietly
        raise
    except (ValueError, IndexError, OSError) as error:
        sys.exit(f"python -m minirl.tokenizer: {printable(str(error))}")
    return 0


if __name__ == "__main__":
    sys.exit(run_program(main))
