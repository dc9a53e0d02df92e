"""Settings from environment variables: MINIRL_BACKEND, MINIRL_ISA, MINIRL_THREADS (or OMP_NUM_THREADS) and
MINIRL_PRECISION.

A wrong value must stop a training run, and must not stop `python -m minirl.doctor`, which is there to say what is
wrong. So importing minirl notes the problem and goes on with the default; every kernel then refuses to compute, with
the same message, and a program asks `kernels.check_environment()` first to end with that one line.
"""

import os
from collections.abc import Callable

problems: list[str] = []  # one line for each variable with a value that cannot be used


class SettingError(ValueError):
    """An environment variable holds a value that minirl cannot use."""


def choose(variable: str, setter: Callable[[str], None], default: str | Callable[[], str]) -> None:
    """setter(the variable's value), or setter(default) where it is not set or where `setter` refuses its value.

    A function as default is asked for it only where it is needed."""
    value = os.environ.get(variable)
    if value:
        try:
            setter(value)
            return
        except (ValueError, RuntimeError) as error:
            problems.append(f"{variable}={value}: {error}. Change or unset {variable}.")
    setter(default() if callable(default) else default)


def check_environment() -> None:
    """Raise SettingError where an environment variable of minirl's holds a value that cannot be used."""
    if problems:
        raise SettingError(" ".join(problems))
