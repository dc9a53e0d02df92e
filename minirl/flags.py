"""Flags from a dataclass, for every program: tyro reads them, and this file words the help and the errors.

    options = flags.parse(Options, argv, "python -m minirl.chat", __doc__)      # a dataclass, one field a flag
    run = flags.command({"train": train, "encode": encode}, argv, "python -m minirl.tokenizer", __doc__)
    run()                                                                       # the chosen function

tyro writes type notation that frightens a newcomer: `{None}|PATH`, `[[PATH [PATH ...]]]  (default: )`. Here a flag that
may be left out shows its type alone, and an error is one line that says what to type instead.
"""

import contextlib
import difflib
import functools
import inspect
import io
import re
import shutil
import sys
import textwrap
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn, TypeVar, Union, get_args, get_origin

import tyro
from tyro.constructors import ConstructorRegistry, PrimitiveConstructorSpec, PrimitiveTypeInfo

from minirl import kernels

T = TypeVar("T")
Thunk = Callable[[], Any]

REGISTRY = ConstructorRegistry()
MARKERS = (tyro.conf.PositionalMetavarFromFieldName,)
USAGE_ERROR = 2  # the exit status of a program that does not understand its flags, as in argparse
ABBREVIATIONS = {"lr": "learning-rate", "bs": "batch-tokens", "wd": "weight-decay"}


def parse(
    kind: Callable[..., T], argv: Sequence[str] | None, program: str, description: str | None = None,
    default: T | None = None, *, check_environment: bool = True,
) -> T:  # fmt: skip
    """An instance of the dataclass `kind` from the flags `argv` (the command line's, where it is None).

    `default` gives the fields' defaults. Exits with status 0 after --help. Exits with status 2, and one line, for flags
    that it does not understand and for environment variables that the kernels do not understand.
    """
    # A switch that is off needs no --no-switch; where a preset may have turned it on, it does
    settings: dict[str, Any] = {"config": (*MARKERS, tyro.conf.FlagCreatePairsOff)}
    if default is not None:
        settings = {"config": MARKERS, "default": default}

    def read(argv: Sequence[str] | None) -> T:
        return tyro.cli(kind, args=argv, prog=program, description=description, registry=REGISTRY, **settings)

    return _run(read, argv, program, check_environment)


def command(
    commands: Mapping[str, Any], argv: Sequence[str] | None, program: str, description: str | None = None
) -> Thunk:
    """The chosen one of several functions with its arguments bound, ready to be called. Exits as `parse` does."""
    bound = {name: _bound(function) for name, function in commands.items()}

    def read(argv: Sequence[str] | None) -> Thunk:
        return tyro.extras.subcommand_cli_from_dict(
            bound, args=argv, prog=program, description=description, registry=REGISTRY,
            config=(*MARKERS, tyro.conf.FlagCreatePairsOff),
        )  # fmt: skip

    return _run(read, argv, program, True)


def _bound(function: Callable[..., Any]) -> Callable[..., Thunk]:
    """`function` with the same flags, but it only notes its arguments: what it prints must not be taken for help."""

    @functools.wraps(function)
    def noted(*args: Any, **named: Any) -> Thunk:
        return functools.partial(function, *args, **named)

    # An argument's text of several lines is one paragraph, but tyro keeps the ends of the lines; and where there is a
    # __wrapped__, it reads that docstring
    noted.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    del noted.__wrapped__
    noted.__doc__ = re.sub(r"(?<=\S)\n {8,}(?=\S)", " ", inspect.getdoc(function) or "")
    return noted


def _run(read: Callable[[Sequence[str] | None], T], argv: Sequence[str] | None, program: str, check: bool) -> T:
    output, errors = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            found = read(argv)
    except SystemExit:
        words = sys.argv[1:] if argv is None else list(argv)
        if output.getvalue():
            print(_help(output.getvalue()), end="")
            raise
        _refuse(errors.getvalue(), read, words, program)
    if check:
        try:
            kernels.check_environment()
        except ValueError as error:
            print(f"{program}: {error}", file=sys.stderr)
            sys.exit(USAGE_ERROR)
    return found


# ---- types as a reader sees them ----


@REGISTRY.primitive_rule
def _optional(info: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[Any] | None:
    """`X | None` is written as X, and the word None on the command line still gives None."""
    members = get_args(info.type)
    if get_origin(info.type) not in (Union, types.UnionType) or type(None) not in members:
        return None
    inner: Any = Union[tuple(member for member in members if member is not type(None))]  # noqa: UP007
    spec = ConstructorRegistry.get_primitive_spec(PrimitiveTypeInfo.make(inner, info.markers))
    if not isinstance(spec, PrimitiveConstructorSpec):
        return None
    return replace(
        spec,
        instance_from_str=lambda words: None if words == ["None"] else spec.instance_from_str(words),
        is_instance=lambda value: value is None or spec.is_instance(value),
        str_from_instance=lambda value: ["None"] if value is None else spec.str_from_instance(value),
        choices=None if spec.choices is None else (*spec.choices, "None"),
    )


@REGISTRY.primitive_rule
def _several(info: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[Any] | None:
    """`tuple[X, ...]` and `list[X]` are written as X ..."""
    kind: Any = get_origin(info.type)
    members = get_args(info.type)
    if not (kind is list or (kind is tuple and members[1:] == (...,))):
        return None
    spec = ConstructorRegistry.get_primitive_spec(PrimitiveTypeInfo.make(members[0], info.markers))
    if not isinstance(spec, PrimitiveConstructorSpec) or spec.nargs != 1:
        return None
    return PrimitiveConstructorSpec(
        nargs="*",
        metavar=f"{spec.metavar} ...",
        instance_from_str=lambda words: kind(spec.instance_from_str([word]) for word in words),
        is_instance=lambda value: isinstance(value, kind),
        str_from_instance=lambda values: [word for value in values for word in spec.str_from_instance(value)],
        choices=spec.choices,
    )


# ---- help ----


def _help(text: str) -> str:
    """tyro's help without the defaults that say nothing, and with long lines wrapped to the terminal's width."""
    text = re.sub(r"\(default:\s+(None|''|False)?\)", lambda match: "\n" * match[0].count("\n"), text)
    text = re.sub(r"[^\S\n]+$", "", text, flags=re.MULTILINE)
    text = re.sub(
        r"(?<!^usage): python -m minirl.*$", ".", text, count=1, flags=re.MULTILINE
    )  # the line above it says the same
    top, *sections = re.split(r"(?m)^ (?=[a-z].*\n -+$)", text)  # each section has a title and a line under it
    width = min(shutil.get_terminal_size().columns, 120)
    described = "\n".join(_wrapped(line, width) for line in top.strip().splitlines())
    return "\n\n".join([re.sub(r"\n{3,}", "\n\n", described), *(_dense(section) for section in sections)]) + "\n"


def _wrapped(line: str, width: int) -> str:
    if line.startswith(" "):  # an example, which stays as it is
        return line
    return "\n".join(textwrap.wrap(line, width, subsequent_indent="    " if line.startswith("usage:") else ""))


def _dense(section: str) -> str:
    """Its title and its lines, without the empty ones that removed defaults leave."""
    title, _, *lines = section.splitlines()
    return "\n".join([f"{title}:", *(line.replace("• ", "  ") for line in lines if line)])


# ---- errors ----

REWORDED = (  # what tyro says, and the same for somebody who does not know Python's types
    (r".*[Ii]nvalid choice (.+?) for argument '(.+?)'\. Expected one of \((.+?),?\)\.?",
     r"\2 cannot be \1; choose one of \3"),
    (r"Missing value for argument '(.+?)'\. Expected (\d+) values?\.?", r"\1 needs \2 values"),
    (r"Error parsing (.+?): invalid literal for int\(\) with base 10: (.+)", r"\1 takes a whole number, not \2"),
    (r"Error parsing (.+?): could not convert string to float: (.+)", r"\1 takes a number, not \2"),
    (r"Error parsing (.+)", r"\1"),
    (r"Expected one of \{(.+)\}\.?", r"say what to do: \1"),
    (r"Unrecognized options: (.+)", r"nothing is known about \1"),
    (r"Missing from .+?: (.+) \(required\)", r"something is missing: \1"),
)  # fmt: skip


def _refuse(text: str, read: Callable[[Sequence[str] | None], Any], words: Sequence[str], program: str) -> NoReturn:
    """Print what is wrong in one line, and exit with status 2."""
    title, *parts = (" ".join(part.split()) for part in re.split(r"(?m)^[ │]*[-─]{9,}[ │]*$", text.strip("─╭╮╰╯\n")))
    said = re.sub(r"\[/?bold\]|`", "", parts[0] if parts else title)
    unknown = [word.split("=")[0] for word in words if word.startswith("--")] if "Unrecognized" in said else []
    flags = _flags(read, words) if unknown else []
    unknown = [word for word in unknown if word.replace("_", "-") not in flags]
    if unknown:
        near = _nearest(unknown[0], flags)
        said = f"there is no {unknown[0]}" + (f"; did you mean {' or '.join(near)}?" if near else "")
    for pattern, words_for_it in REWORDED:
        if match := re.fullmatch(pattern, said):
            said = match.expand(words_for_it)
            break
    if choices := re.search(r"Available subcommands: (.+)", parts[1]) if parts[1:] else None:
        meant = difflib.get_close_matches(words[0], choices[1].split(", "), n=1)
        said = f"{said}; did you mean {meant[0]}?" if meant else f"{said}; choose one of {choices[1]}"
    page = re.search(r"(?:run|run:|see) (python.*--help)", parts[-1]) if parts else None
    end = "" if said.endswith("?") else "."
    print(f"{program}: {said.rstrip('.')}{end} All flags: {page[1] if page else f'{program} --help'}", file=sys.stderr)
    sys.exit(USAGE_ERROR)


def _flags(read: Callable[[Sequence[str] | None], Any], words: Sequence[str]) -> list[str]:
    """Every flag that the help names."""
    output = io.StringIO()
    command = [word for word in words[:1] if not word.startswith("-")]
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        read([*command, "--help"])
    return sorted(set(re.findall(r"(?<![\w-])--[a-z][\w.-]*", output.getvalue())))


def _nearest(word: str, flags: Sequence[str]) -> list[str]:
    """The flags that were probably meant: the flag that `word` abbreviates, else flags of a similar spelling."""
    name = word.replace("_", "-")[2:]
    section, dot, last = name.rpartition(".")
    full = f"--{section}{dot}{ABBREVIATIONS.get(last, last)}"
    if full in flags:
        return [full]
    same = [flag for flag in flags if flag.endswith((f".{name}", f".{ABBREVIATIONS.get(name)}"))]  # no section given
    return same[:3] or difflib.get_close_matches(f"--{name}", flags, n=2, cutoff=0.7)
