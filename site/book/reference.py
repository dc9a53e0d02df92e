"""The pages of the reference: one for each package of minirl, in the layers of docs/architecture.md.

A page lists the modules of its package, and Sphinx's autodoc fills in their docstrings.
"""

import ast
import re
from pathlib import Path

from book.docstrings import escaped

# Private; `native`, `cuda` and `device.elementwise`, as `reference` and NumPy say what they compute; and what cannot be
# imported without PyTorch
HIDDEN = re.compile(r"\.(_\w+|native|cuda|device\.elementwise|torch_\w+)$")
INTRODUCTION = """\
Reference
=========

Every public module, class and function of minirl, from their docstrings. :doc:`minirl` lists what ``import minirl``
offers. :doc:`The code </docs/architecture>` explains the layers: each imports from itself and from those below it.
"""
LAYER = re.compile(r"^\| (\d+) \| (.+?) \| (.+) \|$", re.MULTILINE)


def modules(root: Path) -> list[str]:
    """All public modules, such as "minirl.rl.mdp", a package before what is in it."""
    found = []
    for path in sorted((root / "minirl").rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if not HIDDEN.search(name):
            found.append(name)
    return sorted(found)


def path_of(root: Path, module: str) -> Path:
    """The file of a module or package."""
    path = root / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def docstring_of(root: Path, module: str) -> str:
    """The docstring of a module, read and not imported. Raises ValueError where it has none."""
    path = path_of(root, module)
    if not (text := ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))):
        raise ValueError(f"{path} has no docstring, from which the reference takes its introduction")
    return text


def summary(root: Path, module: str) -> str:
    """The first sentence of the docstring of a module, on one line, without the command that it may end with."""
    paragraph = " ".join(docstring_of(root, module).partition("\n\n")[0].split())
    return re.split(r"[:;] `?python -m|(?<=[.?!]) (?=[A-Z`])", paragraph)[0]


def layers(root: Path) -> list[tuple[str, list[str]]]:
    """(what the layer is for, its packages), the highest first: the table of docs/architecture.md."""
    table = (root / "docs/architecture.md").read_text(encoding="utf-8").partition("| layer |")[2].partition("\n\n")[0]
    return [(what, re.findall(r"`([a-z]\w*)`", names)) for _, what, names in LAYER.findall(table)]


def reference_pages(root: Path) -> dict[str, str]:
    """Path and text of each page. Raises ValueError for a package that is in no layer of docs/architecture.md."""
    known, made = modules(root), dict[str, str]()
    rooms = list(dict.fromkeys(name.split(".")[1] for name in known if "." in name))
    index = [INTRODUCTION, *toctree(["minirl"])]
    listed = set[str]()
    for what, names in layers(root):
        here = [name for name in names if name in rooms]
        listed |= set(here)
        index += ["", title(what[0].upper() + what[1:].replace("`", "``"), "-")]
        index += [f"- :doc:`{name}`: {escaped(summary(root, f'minirl.{name}'))}" for name in here]
        index += ["", *toctree(here)]
    if missing := sorted(set(rooms) - listed):
        raise ValueError(f"the table of layers in docs/architecture.md does not name {', '.join(missing)}")
    made["reference/index.rst"] = "\n".join(index) + "\n"
    made["reference/minirl.rst"] = page("minirl", ["minirl"])
    for room in rooms:
        inside = [name for name in known if name == f"minirl.{room}" or name.startswith(f"minirl.{room}.")]
        made[f"reference/{room}.rst"] = page(f"minirl.{room}", inside)
    return made


def page(heading: str, names: list[str]) -> str:
    """A page with these modules, each in a section of its own; the first stands right below the heading."""
    lines = [title(heading, "=")]
    for index, name in enumerate(names):
        lines += [title(name, "-")] if index else []
        lines += [f".. automodule:: {name}", "   :members:", "   :ignore-module-all:", ""]
    return "\n".join(lines)


def title(text: str, under: str) -> str:
    """A heading of reStructuredText."""
    return f"{text}\n{under * len(text)}\n"


def toctree(names: list[str]) -> list[str]:
    """Lines that put pages into the table of contents without showing it here."""
    return [".. toctree::", "   :hidden:", "", *(f"   {name}" for name in names), ""]
