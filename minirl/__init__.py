"""minirl: a reasoning language model from scratch, to read and to run.

    >>> from minirl import GPT, GPTConfig, Tokenizer, AdamW, Tensor
    >>> from minirl.generate import generate
    >>> from minirl.train import PRESETS, train

`python -m minirl`, or `minirl` alone, lists the programs. Each name below is loaded when it is first asked for, so
`import minirl` is quick.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from minirl import kernels
    from minirl.autograd import no_grad
    from minirl.gradient_check import check_gradients
    from minirl.model import GPT, GPTConfig
    from minirl.optim import AdamW
    from minirl.runs import Run
    from minirl.tensor import Tensor
    from minirl.tokenizer import Tokenizer

__version__ = "0.1.0"

# Where each public name is defined; "" is a module of its own
_HOMES = {
    "AdamW": "minirl.optim",
    "GPT": "minirl.model",
    "GPTConfig": "minirl.model",
    "Run": "minirl.runs",
    "Tensor": "minirl.tensor",
    "Tokenizer": "minirl.tokenizer",
    "check_gradients": "minirl.gradient_check",
    "kernels": "",
    "no_grad": "minirl.autograd",
}

__all__ = [
    "GPT",
    "AdamW",
    "GPTConfig",
    "Run",
    "Tensor",
    "Tokenizer",
    "__version__",
    "check_gradients",
    "kernels",
    "no_grad",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'minirl' has no attribute {name!r}; it offers {', '.join(_HOMES)}")
    home = _HOMES[name]
    value = getattr(importlib.import_module(home), name) if home else importlib.import_module(f"minirl.{name}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
