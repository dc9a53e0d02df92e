"""The house keeps its plan: no import runs upward, no circle exists, no file grows too long to read.

Imports are read from the source. An import inside a function counts too, and so does one that only type checkers read:
a circle that is entered late is still a circle.
"""

import ast
import graphlib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "minirl"
LONGEST = 450  # lines of a file

# Each room and its layer; a room is a folder or a module of minirl/. Within a layer, rooms make no circle.
LAYERS = {
    0: "kernels ranks storage streams flags console figure swap",
    1: "autograd tensor functional nn optim muon parallel schedule gradient_check gguf",
    2: "model tokenizer",
    3: "data tasks tools generate retrieval preferences",
    4: "rl runs evaluation microscope corpus",
    5: "train evaluate chat trace plot report zoo controls prefer rewards bench bugs doctor serve",
    6: "lessons",
}
LAYER = {room: number for number, rooms in LAYERS.items() for room in rooms.split()}
LAYER["programs"] = 5  # every __main__ of a lower layer: a program, wherever it lies; nothing imports it
DOORS = {"", "__main__"}  # minirl itself and `python -m minirl`: they show what all layers offer


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py")) if "_shipped" not in path.parts}


def imports(name: str) -> set[str]:
    """The modules of minirl that this one imports."""
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            for alias in node.names:  # `from minirl.rl import mdp` means the module, where there is one
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in MODULES else node.module)
    return {module for module in found if module in MODULES and module != name}


def room(module: str) -> str:
    """The room of a module."""
    name = [*module.split("."), ""][1]
    return "programs" if module.endswith(".__main__") and LAYER.get(name, 9) < LAYER["programs"] else name


EDGES = {name: imports(name) for name in MODULES}


def test_every_room_has_a_layer():
    rooms = {room(name) for name in MODULES} - DOORS
    assert rooms == set(LAYER), "a new room needs its layer here, and its line in docs/architecture.md"


@pytest.mark.parametrize("name", [name for name in MODULES if room(name) not in DOORS])
def test_no_import_runs_upward(name):
    upward = [other for other in EDGES[name] if room(other) not in DOORS and LAYER[room(other)] > LAYER[room(name)]]
    assert not upward, f"{name} imports from a higher layer: {', '.join(upward)}"


def test_modules_make_no_circle():
    """A package's __init__ may import its modules; they do not import what it shows."""
    graphlib.TopologicalSorter({name: EDGES[name] - DOORS for name in MODULES}).prepare()


def test_rooms_make_no_circle():
    rooms: dict[str, set[str]] = {}
    for name, others in EDGES.items():
        rooms.setdefault(room(name), set()).update(room(other) for other in others)
    inside = {name: {other for other in others if other != name} - DOORS for name, others in rooms.items()}
    graphlib.TopologicalSorter({name: others for name, others in inside.items() if name not in DOORS}).prepare()


def test_no_relative_import():
    """An import names its module whole, so that a reader finds it, and the tests above see it."""
    for name, path in MODULES.items():
        tree = ast.parse(path.read_text("utf-8"))
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level], name


@pytest.mark.parametrize(
    "path", sorted([*MODULES.values(), *PACKAGE.parent.glob("csrc/**/*.[ch]*")]), ids=lambda p: p.name
)
def test_a_file_can_be_read_in_one_sitting(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST
