"""Installing: with a compiler, without one, without OpenMP, editable, from a source distribution; and what ships.

Each build happens in a copy of the source tree, with the packages that are installed already: no network. -O0 keeps
the compilations short.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from minirl import kernels

ROOT = Path(__file__).resolve().parent.parent
SOURCES = (
    *("minirl", "csrc", "data", "docs", "lessons", "site", "tests", ".ci", ".devcontainer", ".gitignore"),
    *("MANIFEST.in", "setup.py", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md"),
    "CITATION.cff",
)
QUESTIONS = "data/science/questions.jsonl"
FIND = f"""
from minirl import tasks
from minirl.storage import shipped
print(shipped({QUESTIONS!r}), len(tasks.get("science").facts))"""
EXAMPLE = "import numpy; from minirl import kernels; print(kernels.softmax(numpy.zeros((1, 4), 'f'))[0, 0])"


def run(*command: object, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MINIRL_")}
    for name in ("CC", "CFLAGS", "PYTHONPATH", "LD_PRELOAD"):
        environment.pop(name, None)
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=cwd, env={**environment, **variables}, capture_output=True, text=True)


def python(site: Path, code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `code` with the minirl installed in `site`."""
    return run(sys.executable, "-c", code, cwd=site.parent, PYTHONPATH=str(site), **variables)


def install(source: Path, site: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Install the tree or archive `source` into the folder `site`."""
    flags = ["--no-deps", "--no-build-isolation", "--no-index", "--verbose", "--target", site]
    return run(
        *(sys.executable, "-m", "pip", "install", *flags, source),
        cwd=source.parent,
        **{"MINIRL_CFLAGS": "-O0", **variables},
    )


def succeeded(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout.strip()


def assert_finds(done: subprocess.CompletedProcess[str], folder: Path) -> None:
    """The code FIND found the questions in `folder`, and read them."""
    where, facts = succeeded(done).splitlines()[-1].rsplit(" ", 1)
    assert Path(where) == folder / QUESTIONS and int(facts) >= 300


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the source tree without anything that was built."""
    folder = tmp_path / "tree"
    folder.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            litter = shutil.ignore_patterns("__pycache__", "*.so", "*.pyd", "_shipped", ".ipynb_checkpoints")
            shutil.copytree(ROOT / name, folder / name, ignore=litter)
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler named cc")


@pytest.mark.slow
class TestWithoutACompiler:
    def test_installs_and_runs_on_numpy(self, tree: Path, tmp_path: Path) -> None:
        site = tmp_path / "site"
        succeeded(install(tree, site, CC="/nonexistent/cc"))
        done = python(site, f"{EXAMPLE}; print(kernels.backend()); import minirl.kernels", PATH="/nonexistent")
        assert succeeded(done).split() == ["0.25", "reference"]

    def test_says_once_what_is_missing_and_which_package_brings_it(self, tree: Path, tmp_path: Path) -> None:
        site = tmp_path / "site"
        succeeded(install(tree, site, CC="/nonexistent/cc"))
        done = python(site, f"{EXAMPLE}; kernels.use('reference'); {EXAMPLE}", PATH="/nonexistent")
        succeeded(done)
        assert done.stderr.count("there is no C compiler") == 1
        if sys.platform == "linux":
            assert done.stderr.count("apt-get install gcc python3-dev") == 1

    def test_asking_for_the_native_backend_says_the_same(self, tree: Path, tmp_path: Path) -> None:
        site = tmp_path / "site"
        succeeded(install(tree, site, CC="/nonexistent/cc"))
        done = python(site, EXAMPLE, PATH="/nonexistent", MINIRL_BACKEND="native")
        assert done.returncode != 0
        message = "SettingError: MINIRL_BACKEND=native: minirl's C kernels are not available (there is no C compiler)"
        assert message in done.stderr

    def test_a_required_native_build_fails(self, tree: Path, tmp_path: Path) -> None:
        done = install(tree, tmp_path / "site", CC="/nonexistent/cc", MINIRL_REQUIRE_NATIVE="1")
        assert done.returncode != 0
        assert "the C compiler is missing or does not work" in done.stdout + done.stderr
        assert not (tmp_path / "site" / "minirl").exists()


@pytest.mark.slow
@needs_compiler
class TestWithACompiler:
    def test_python_started_in_the_source_folder_finds_the_kernels(self, tree: Path, tmp_path: Path) -> None:
        succeeded(install(tree, tmp_path / "site", MINIRL_REQUIRE_NATIVE="1"))
        found = succeeded(run(sys.executable, "-c", f"{EXAMPLE}; print(kernels.backend(), kernels.__file__)", cwd=tree))
        value, backend, path = found.split()
        assert (value, backend) == ("0.25", "native")
        assert Path(path).is_relative_to(tree)

    def test_building_again_takes_in_changed_c_code(self, tree: Path) -> None:
        build = sys.executable, "setup.py", "-q", "build_ext", "--inplace"
        ask = sys.executable, "-c", "from minirl import kernels; print(kernels.get_threads())"
        succeeded(run(*build, cwd=tree, MINIRL_CFLAGS="-O0"))
        assert succeeded(run(*ask, cwd=tree, MINIRL_THREADS="3")) == "3"
        source = tree / "csrc" / "runtime.c"
        source.write_text(source.read_text().replace("return thread_count;", "return 100 + thread_count;"))
        succeeded(run(*build, cwd=tree, MINIRL_CFLAGS="-O0"))
        assert succeeded(run(*ask, cwd=tree, MINIRL_THREADS="3")) == "103"

    def test_openmp_can_be_left_out(self, tree: Path, tmp_path: Path) -> None:
        succeeded(install(tree, tmp_path / "site", MINIRL_REQUIRE_NATIVE="1", MINIRL_OPENMP="0"))
        self.runs_on_one_thread(tmp_path / "site")

    def test_a_compiler_without_openmp_builds_single_threaded(self, tree: Path, tmp_path: Path) -> None:
        compiler = tmp_path / "cc-without-openmp"
        compiler.write_text('#!/bin/sh\ncase " $* " in *" -fopenmp "*) echo unknown >&2; exit 1;; esac\nexec cc "$@"\n')
        compiler.chmod(0o755)
        succeeded(install(tree, tmp_path / "site", MINIRL_REQUIRE_NATIVE="1", CC=str(compiler)))
        self.runs_on_one_thread(tmp_path / "site")

    def runs_on_one_thread(self, site: Path) -> None:
        code = f"{EXAMPLE}; print(kernels.backend(), kernels.has_openmp(), kernels.get_threads())"
        assert succeeded(python(site, code)).split() == ["0.25", "native", "False", "1"]

    def test_a_compiler_that_knows_no_wide_vectors_builds_the_portable_kernels(
        self, tree: Path, tmp_path: Path
    ) -> None:
        compiler = tmp_path / "old-cc"
        compiler.write_text('#!/bin/sh\ncase " $* " in *" -mavx"*) echo unknown >&2; exit 1;; esac\nexec cc "$@"\n')
        compiler.chmod(0o755)
        succeeded(install(tree, tmp_path / "site", MINIRL_REQUIRE_NATIVE="1", CC=str(compiler)))
        found = succeeded(python(tmp_path / "site", f"{EXAMPLE}; print(*kernels.isas())"))
        assert found.split() == ["0.25", "portable"]

    def test_a_source_distribution_builds_elsewhere(self, tree: Path, tmp_path: Path) -> None:
        succeeded(run(sys.executable, "setup.py", "-q", "sdist", "--dist-dir", tmp_path, cwd=tree))
        (archive,) = tmp_path.glob("minirl-*.tar.gz")
        shutil.rmtree(tree)
        site = tmp_path / "site"
        succeeded(install(archive, site, MINIRL_REQUIRE_NATIVE="1"))
        assert succeeded(python(site, f"{EXAMPLE}; print(kernels.backend())")).split() == ["0.25", "native"]
        assert_finds(python(site, FIND), site / "minirl" / "_shipped")

    def test_an_editable_install_runs_the_checkout(self, tree: Path, tmp_path: Path) -> None:
        """Its code, its kernels built in place, and its data, even beside an older build's copy of them."""
        stale = tree / "minirl" / "_shipped" / QUESTIONS
        stale.parent.mkdir(parents=True)
        stale.write_text("")
        flags = ["--no-deps", "--no-build-isolation", "--no-index", "--prefix", tmp_path / "prefix", "--editable", tree]
        succeeded(run(sys.executable, "-m", "pip", "install", *flags, cwd=tmp_path, MINIRL_CFLAGS="-O0"))
        (site,) = (tmp_path / "prefix").glob("lib/python*/site-packages")
        begin = f"import site; site.addsitedir({str(site)!r}); "  # PYTHONPATH would not read the install's .pth file
        value, backend, path = succeeded(
            run(sys.executable, "-c", f"{begin}{EXAMPLE}; print(kernels.backend(), kernels.__file__)", cwd=tmp_path)
        ).split()
        assert (value, backend) == ("0.25", "native") and Path(path).is_relative_to(tree)
        assert_finds(run(sys.executable, "-W", "error", "-c", begin + FIND, cwd=tmp_path), tree)


@pytest.mark.slow
class TestWhatShips:
    """Compiling would only take longer here."""

    def test_a_wheel_has_data_lessons_types_and_nothing_else(self, tree: Path, tmp_path: Path) -> None:
        earlier = tree / "build" / f"lib.{sysconfig.get_platform()}-{sys.implementation.cache_tag}" / "minirl"
        earlier.mkdir(parents=True)
        (earlier / "removed_since.py").write_text("")
        flags = ["--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", tmp_path]
        command = sys.executable, "-m", "pip", "wheel", *flags, tree
        succeeded(run(*command, cwd=tmp_path, CC="/nonexistent/cc"))
        (wheel,) = tmp_path.glob("minirl-*.whl")
        packed = set(zipfile.ZipFile(wheel).namelist())
        folders = ("minirl", "csrc", "data", "docs", "lessons")
        sources = [path for name in folders for path in (tree / name).rglob("*") if path.is_file()]
        paths = {path.relative_to(tree).as_posix() for path in sources}
        expected = {path if path.startswith("minirl/") else f"minirl/_shipped/{path}" for path in paths}
        assert {"minirl/py.typed", "minirl/microscope/page.html", f"minirl/_shipped/{QUESTIONS}"} <= packed
        assert {name for name in packed if not name.startswith("minirl-")} == expected
        assert [name for name in packed if name.endswith(".dist-info/licenses/LICENSE")]
        site = tmp_path / "site"
        succeeded(install(wheel, site))
        assert_finds(python(site, FIND), site / "minirl" / "_shipped")

    def test_a_source_distribution_has_all_that_git_tracks(self, tree: Path, tmp_path: Path) -> None:
        done = run(sys.executable, "setup.py", "sdist", "--dist-dir", tmp_path, cwd=tree)
        assert "warning" not in (succeeded(done) + done.stderr).lower()
        (archive,) = tmp_path.glob("minirl-*.tar.gz")
        with tarfile.open(archive) as opened:
            packed = {str(Path(*Path(member.name).parts[1:])) for member in opened if member.isfile()}
        made = {"PKG-INFO", "setup.cfg", *(name for name in packed if name.startswith("minirl.egg-info/"))}
        sources = {str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()}
        assert packed - made == {name for name in sources if not name.startswith("minirl.egg-info/")}
        if (ROOT / ".git").exists() and shutil.which("git"):
            tracked = succeeded(run("git", "ls-files", cwd=ROOT)).splitlines()
            assert {name for name in tracked if (ROOT / name).exists()} <= packed


def test_an_unknown_instruction_set_is_refused() -> None:
    if not kernels.has_native():
        pytest.skip("needs the C kernels")
    done = run(sys.executable, "-c", EXAMPLE, cwd=ROOT, MINIRL_ISA="nonsense")
    assert done.returncode != 0
    message = (
        "SettingError: MINIRL_ISA=nonsense: instruction set 'nonsense' is not in this build; this CPU can run portable"
    )
    assert message in done.stderr


def test_an_instruction_set_that_the_cpu_lacks_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    if not kernels.has_native() or len(kernels.isas()) < 2:
        pytest.skip("needs C kernels for several instruction sets")
    before, missing = kernels.isa(), list(kernels.isas())[-1]
    only_portable = {name: name == "portable" for name in kernels.isas()}
    monkeypatch.setattr(kernels.runtime, "isas", lambda: only_portable)
    with pytest.raises(ValueError, match=f"this CPU cannot run instruction set '{missing}'; it can run portable$"):
        kernels.set_isa(missing)
    assert kernels.isa() == before


def test_importing_minirl_loads_nothing_large() -> None:
    code = "import sys, minirl, minirl.kernels; print(*sys.modules)"
    loaded = set(succeeded(run(sys.executable, "-c", code, cwd=ROOT)).split())
    assert "numpy" in loaded
    assert not loaded & {"torch", "matplotlib", "rich", "tyro", "regex", "transformers", "tokenizers", "safetensors"}
