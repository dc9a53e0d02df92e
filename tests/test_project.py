"""What the project says of itself: one version, seven dependencies, and the files that a newcomer looks for."""

import ast
import re
import sys
from pathlib import Path

import minirl

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10, where pytest brings tomli
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CORE = {"numpy", "cffi", "regex", "safetensors", "tyro", "rich", "matplotlib"}
SERVE = ("app", "chat_completions", "completions", "openai_form", "page_api", "transport")  # what speaks HTTP


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^\w.-]", requirement)[0] for requirement in requirements}


def third_party(path: Path) -> set[str]:
    """The packages that a file imports, inside functions too, apart from Python's own and minirl."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"minirl"}


def test_the_core_has_seven_dependencies() -> None:
    assert names(PROJECT["dependencies"]) == CORE


def test_what_is_imported_is_declared() -> None:
    """Outside bench/, which compares with other libraries, only these adapters import more than the core."""
    files = [path for path in (ROOT / "minirl").rglob("*.py") if "_shipped" not in path.parts]
    beyond = {path.relative_to(ROOT).as_posix(): third_party(path) - CORE for path in files}
    outside = {name: packages for name, packages in beyond.items() if packages and "/bench/" not in name}
    assert outside == {
        "minirl/corpus/readers/parquet.py": {"pyarrow"},
        "minirl/corpus/readers/streams.py": {"zstandard"},
        "minirl/ranks/mpi.py": {"mpi4py"},
        "minirl/rl/gym.py": {"gymnasium"},
        "minirl/serve/__main__.py": {"starlette", "uvicorn"},
        **{f"minirl/serve/{name}.py": {"starlette"} for name in SERVE},
        "minirl/tokenizer/chat_template.py": {"jinja2"},
        "minirl/tokenizer/tiktoken_file.py": {"tiktoken"},
        "minirl/tokenizer/tokenizer.py": {"tiktoken"},
    }
    modules = {"llama-cpp-python": "llama_cpp"}  # where a package's name is not the name that is imported
    extras = {modules.get(name, name) for extra in PROJECT["optional-dependencies"].values() for name in names(extra)}
    assert set().union(*beyond.values()) <= extras


def test_every_place_names_the_same_version() -> None:
    version = PROJECT["version"]
    assert minirl.__version__ == version
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.M)
    assert headings[:2] == ["Unreleased", version]


def test_commands_name_functions() -> None:
    for target in PROJECT["scripts"].values():
        name, function = target.split(":")
        tree = ast.parse((ROOT / f"{name.replace('.', '/')}.py").read_text(encoding="utf-8"))
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_reading_path_names_files_and_programs_that_exist() -> None:
    text = (ROOT / "lessons" / "README.md").read_text(encoding="utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\((\S+?)\)", text)]
    assert len(links) >= 10
    assert [link for link in links if not (ROOT / "lessons" / link).is_file()] == []
    commands = re.findall(r"`python -m ([\w.]+)(?:[^`]*?(tests/\S+?\.py))?[^`]*`", text)
    assert len(commands) >= 10
    modules = [name.replace(".", "/") for name, _ in commands if name.startswith("minirl.")]
    assert [name for name in modules if not [*ROOT.glob(f"{name}.py"), *ROOT.glob(f"{name}/__main__.py")]] == []
    assert [path for _, path in commands if not (ROOT / path).exists()] == []
