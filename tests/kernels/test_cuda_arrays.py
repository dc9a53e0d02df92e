"""Arrays on the GPU: shapes, slices, copies and memory; and errors that say what is missing. Through the shim."""

import os
import subprocess
import sys

import numpy as np
import pytest
from gpu import needs_a_compiler, shim  # noqa: F401

from minirl import kernels
from minirl.kernels.device import DeviceArray, DeviceError, DeviceMemoryError, device, empty, launch, memory
from minirl.kernels.device.describe import describe
from minirl.kernels.device.driver import driver

pytestmark = [needs_a_compiler, pytest.mark.usefixtures("shim")]
X = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x,
        lambda x: x[1],
        lambda x: x[1, 2, 3],
        lambda x: x[:, 1:],
        lambda x: x[..., ::2],
        lambda x: x[:, None, -1],
        lambda x: x[0, 1].reshape(2, 2),
        lambda x: x.reshape((6, -1)),
        lambda x: x.swapaxes(0, 2),
        lambda x: x[:, :0],
    ],
)
def test_views_are_numpys(view):
    expected, got = view(X), view(device(X))
    assert isinstance(got, DeviceArray)
    assert (got.shape, got.dtype, got.size, got.ndim) == (expected.shape, expected.dtype, expected.size, expected.ndim)
    np.testing.assert_array_equal(got.numpy(), expected)


def test_a_view_writes_into_the_array_it_is_of():
    x = device(X)
    kernels.scale(x[1], 2.0)
    np.testing.assert_array_equal(x.numpy(), np.stack([X[0], 2 * X[1]]))


@pytest.mark.parametrize(
    "index",
    [
        [1, 0, 1],
        np.array([-1, 0]),
        (0, [2, 1]),
        (1, np.array([0, 2], np.int64), slice(1, 3)),
        ([1], slice(None), 2),
        ([0, 1], slice(None, 2)),
        [],
    ],
)
def test_rows_by_their_numbers(index):
    """They are copied out, and written to; as NumPy does it."""
    x, host = device(X), X.copy()
    rows = x[index]
    np.testing.assert_array_equal(rows.numpy(), X[index])
    if len(rows) != 3 or index != [1, 0, 1]:  # of a row that occurs twice, either may stay
        host[index] = -host[index] + 1
        x[index] = kernels.subtract(1, rows)
        np.testing.assert_array_equal(x.numpy(), host)


def test_parts_are_written():
    x, host = device(X), X.copy()
    for index, value in (
        ((0,), X[1]),
        ((slice(None), 1), 5),
        ((..., slice(1, None, 2)), device(X[..., :2])),
        ((1, 2, 3), np.float32(-1)),
        ((slice(None), slice(0, 2)), X[0, 0].astype(np.float64)),
    ):
        x[index] = value
        host[index] = value.numpy() if isinstance(value, DeviceArray) else value
        np.testing.assert_array_equal(x.numpy(), host)


def test_wrong_indices_of_rows():
    for index, error, words in (
        ([2], IndexError, r"rows 2 to 2 of .* with 2"),
        ((slice(None), [1]), TypeError, "one list of row numbers, after numbers alone"),
        (X > 1, TypeError, "one list of row numbers"),
        ([0.5], TypeError, "one list of row numbers"),
    ):
        with pytest.raises(error, match=words):
            device(X)[index]


def test_new_arrays_of_floats_are_on_the_gpu():
    for made in (kernels.zeros((2, 3), np.float32), kernels.empty(4, np.float32), kernels.send(X)):
        assert isinstance(made, DeviceArray)
    np.testing.assert_array_equal(kernels.zeros((2, 3), np.float32).numpy(), np.zeros((2, 3)))
    assert isinstance(kernels.zeros(3, np.int32), np.ndarray)
    x = device(X)
    assert kernels.send(x) is x and kernels.asarray(x) is x
    with kernels.using("reference"):  # which has to be able to fetch what was computed before
        np.testing.assert_array_equal(kernels.fetch(x), X)
        with pytest.raises(TypeError, match="fetched"):
            kernels.asarray(x)


def test_nothing_reads_the_numbers_silently():
    x = device(X)
    for reading in (np.asarray, np.sum, list, lambda x: float(x[0, 0, 0]), bool, lambda x: X + x, lambda x: x[X > 1]):
        before = memory.transfers["to host"]
        with pytest.raises(TypeError):
            reading(x)
        assert memory.transfers["to host"] == before
    with pytest.raises(ValueError, match="cannot be viewed"):
        x.swapaxes(0, 1).reshape(-1)
    with pytest.raises(ValueError, match="no steps backward"):
        x[::-1]


def test_kernels_leave_their_results_on_the_gpu():
    """Arrays of the host that a kernel reads are copied there; an array that it writes has to be there."""
    memory.transfers.clear()
    y = kernels.softmax(kernels.gelu(X))
    assert memory.transfers == {"to device": 1}
    assert y.numpy().shape == X.shape
    assert memory.transfers == {"to device": 1, "to host": 1}
    with pytest.raises(TypeError, match="scale: x is a ndarray, and is written: pass a DeviceArray"):
        kernels.scale(X, 2.0)


def test_arguments_are_checked_as_under_every_backend():
    with pytest.raises(ValueError, match=r"layer_norm: gamma has shape \(3,\); expected \(C=4,\)"):
        kernels.layer_norm(device(X), device(X[0, :, 0]))
    with pytest.raises(TypeError, match="softmax: x is a float64 array"):
        kernels.softmax(X.astype(np.float64))
    with pytest.raises(ValueError, match="embedding_backward: dtable overlaps dout"):
        table = device(X[0])
        kernels.embedding_backward(table, np.zeros(3, np.int32), table)


def test_ids_on_the_gpu_are_not_looked_at_and_wrong_ones_give_nan():
    ids = np.array([0, 5, -1, 2], np.int32)
    with pytest.raises(IndexError, match=r"embedding: ids\[1\] is 5"):
        kernels.embedding(ids, X[0])
    rows = kernels.embedding(device(ids), X[0]).numpy()
    assert np.isnan(rows[1:3]).all()
    np.testing.assert_array_equal(rows[[0, 3]], X[0][[0, 2]])
    table = device(np.zeros((3, 4), np.float32))
    kernels.embedding_backward(np.ones((4, 4), np.float32), device(ids), table)
    np.testing.assert_array_equal(table.numpy().sum(axis=1), [4, 0, 4])


def test_what_has_no_kernel_works_on_the_host_and_is_refused_on_the_gpu():
    words = np.array([1, 2, 3], np.uint32)
    assert kernels.minhash(words, words, words).shape == (3,)
    with pytest.raises(NotImplementedError, match=r"minhash has no CUDA kernel; fetch its arrays with .numpy\(\)"):
        kernels.minhash(device(words), words, words)


def test_the_doctor_describes_the_gpu():
    text = "CPU (shim), compute capability 8.0, 1 GiB, driver for CUDA 13.0; kernels compiled by the C++ compiler"
    assert describe() == text


# ---- memory ----


def test_memory_is_used_again():
    address = empty(1000).layout.ctypes.data
    assert empty(1000).layout.ctypes.data == address
    kept = empty(1000)
    assert empty(1000).layout.ctypes.data != kept.layout.ctypes.data
    slice_of_kept = kept[10:]
    address = kept.layout.ctypes.data
    del kept
    assert empty(1000).layout.ctypes.data != address
    del slice_of_kept
    assert empty(1000).layout.ctypes.data == address


def test_an_error_of_memory_says_how_much_and_what_to_do():
    total = 1 << 30
    try:
        driver().lib.shim_set_memory(1 << 20)
        with pytest.raises(DeviceMemoryError, match=r"no memory for 4 MiB more: .* of 1 MiB.*Lower the tokens"):
            empty(1 << 20)
        assert empty(1 << 10).shape == (1 << 10,)
    finally:
        driver().lib.shim_set_memory(total)


def test_unused_memory_goes_back_before_there_is_none_left():
    _, total = driver().memory()
    free, _ = driver().memory()
    try:
        driver().lib.shim_set_memory(total - free + memory.kept() + 5000)
        for size in range(1000, 1100):  # 400 kB in all, each of another size
            empty(size)
    finally:
        driver().lib.shim_set_memory(total)


# ---- launches ----


def test_arguments_of_a_kernel_are_checked_before_a_gpu_reads_them():
    x = device(X)
    with pytest.raises(TypeError, match="scale takes 3 arguments, not 2"):
        launch("optimizer", "scale", 1, 32, 1, 2.0)
    with pytest.raises(TypeError, match="scale: x is 3; the kernel declares float32"):
        launch("optimizer", "scale", 1, 32, 1, 2.0, 3)
    with pytest.raises(TypeError, match=r"scale: n is 1\.5; the kernel declares int"):
        launch("optimizer", "scale", 1, 32, 1.5, 2.0, x)
    with pytest.raises(TypeError, match="the kernel declares int32"):
        launch("rope", "rope", 1, 32, 1, 1, 2, x, 4, x, 1, 1, x, x, 1.0, x, 4)


def test_a_grid_that_is_too_large_is_an_error():
    with pytest.raises(DeviceError, match=r"scale failed: CUDA_ERROR_INVALID_VALUE.*2048"):
        launch("optimizer", "scale", 1, 2048, 1, 2.0, device(X))


# ---- what is missing ----

PROGRAM = "from minirl import kernels; kernels.use('cuda'); print(kernels.backend())"


def start(**variables: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MINIRL_CUDA")} | variables
    return subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True)


@pytest.mark.slow
def test_without_a_driver_the_error_says_so():
    done = start()
    if done.returncode == 0:
        pytest.skip("there is an NVIDIA driver here")
    assert "there is no NVIDIA driver here" in done.stderr.splitlines()[-1]


@pytest.mark.slow
def test_nothing_of_it_is_imported_before_it_is_used():
    program = "import sys, minirl; print([name for name in sys.modules if 'kernels.device' in name or '.cuda' in name])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
