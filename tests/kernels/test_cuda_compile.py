"""NVIDIA's compilers take all of csrc/cuda without a word: machine code for two GPUs, PTX for later ones."""

import pytest

from minirl.kernels.device import compilers, source
from minirl.kernels.device.errors import DeviceError

pytestmark = pytest.mark.slow
FILES = sorted(path.stem for path in source.folder().glob("*.cu"))
needs_nvcc = pytest.mark.skipif(compilers.nvcc() is None, reason="nvcc, of the CUDA toolkit, is not in PATH")
needs_nvrtc = pytest.mark.skipif(compilers.nvrtc() is None, reason="NVRTC is not installed: pip install '.[cuda]'")


@needs_nvcc
@pytest.mark.parametrize("name", FILES)
def test_nvcc_compiles_without_a_warning(name, tmp_path):
    for architecture in ("sm_80", "sm_90"):
        compilers.compile_with_nvcc(source.text(name), architecture, tmp_path / architecture)
        assert (tmp_path / architecture).read_bytes()[:4] == b"\x7fELF"
    compilers.compile_with_nvcc(source.text(name), "compute_80", tmp_path / "ptx", "-ptx")
    for kernel in source.kernels_in(source.text(name)):
        assert f".entry {kernel}(" in (tmp_path / "ptx").read_text()


@needs_nvcc
def test_nvcc_refuses_a_warning(tmp_path):
    text = source.text("rope").replace("const int64 i = point % half", "const int64 unused = 1, i = point % half")
    with pytest.raises(DeviceError, match="unused"):
        compilers.compile_with_nvcc(text, "sm_80", tmp_path / "out")


@needs_nvrtc
@pytest.mark.parametrize("name", FILES)
def test_nvrtc_compiles_without_a_word(name, tmp_path):
    compilers.compile_with_nvrtc(source.text(name), "sm_80", tmp_path / "cubin")
    assert (tmp_path / "cubin").read_bytes()[:4] == b"\x7fELF"


@needs_nvrtc
def test_nvrtc_says_what_is_wrong(tmp_path):
    with pytest.raises(DeviceError, match=r"NVRTC refused a kernel: kernels\.cu.*expected a"):
        compilers.compile_with_nvrtc(source.text("rope").replace("return;", "return"), "sm_80", tmp_path / "out")
