"""Installing: with a compiler, without one, without OpenMP, and from a source distribution.

Each build happens in a copy of the source tree, with the packages that are installed already: no network. -O0 keeps
the compilations short.
"""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from minirl import kernels

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("minirl", "csrc", "setup.py", "pyproject.toml", "MANIFEST.in", "README.md")
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


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the source tree without anything that was built."""
    folder = tmp_path / "tree"
    folder.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.pyd"))
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

    def test_a_source_distribution_has_the_c_code_and_builds_elsewhere(self, tree: Path, tmp_path: Path) -> None:
        succeeded(run(sys.executable, "setup.py", "-q", "sdist", "--dist-dir", tmp_path, cwd=tree))
        (archive,) = tmp_path.glob("minirl-*.tar.gz")
        with tarfile.open(archive) as opened:
            packed = {Path(*Path(name).parts[1:]) for name in opened.getnames()}
        assert {path.relative_to(tree) for path in (tree / "csrc").iterdir()} <= packed
        assert not [path for path in packed if path.suffix in (".so", ".pyc") or "build" in path.parts]
        shutil.rmtree(tree)
        succeeded(install(archive, tmp_path / "site", MINIRL_REQUIRE_NATIVE="1"))
        assert succeeded(python(tmp_path / "site", f"{EXAMPLE}; print(kernels.backend())")).split() == [
            "0.25",
            "native",
        ]


def test_an_unknown_instruction_set_is_refused() -> None:
    if not kernels.has_native():
        pytest.skip("needs the C kernels")
    done = run(sys.executable, "-c", EXAMPLE, cwd=ROOT, MINIRL_ISA="nonsense")
    assert done.returncode != 0
    message = "SettingError: MINIRL_ISA=nonsense: instruction set 'nonsense' is not in this build; it has portable"
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
