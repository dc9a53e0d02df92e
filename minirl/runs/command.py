"""Commands to tell the person, quoted so that a shell takes them as they are."""

import shlex

from minirl import kernels
from minirl.storage.checksums import SUMS


def command(program: str, *arguments: object) -> str:
    """`command("chat", "my runs/roger")` is "python -m minirl.chat 'my runs/roger'"."""
    return shlex.join(["python", "-m", f"minirl.{program}", *map(str, arguments)])


def accept(folder: object, files: str) -> str:
    """The command that accepts the files of a folder as they are. files: a pattern, such as *.json"""
    return f"cd {shlex.quote(str(folder))} && sha256sum {files} > {SUMS}"


def resume(folder: object) -> str:
    """The command that resumes the run in a folder, on the GPU where this process computes there."""
    return command("train", "--resume", folder, *(["--backend", "cuda"] if kernels.backend() == "cuda" else []))
