"""The GPU in a line or two, for the doctor."""

from minirl.kernels.device import compilers, shim
from minirl.kernels.device.driver import driver
from minirl.kernels.device.errors import DeviceError
from minirl.kernels.device.peak import rates


def speeds() -> str:
    """What the GPU can do at most, measured; or why that cannot be known. Compiles, and takes some seconds."""
    try:
        float32, bfloat16, bandwidth = rates()
    except DeviceError as error:
        return f"not measured: {error}"
    return (
        f"{float32 / 1e12:.3g} TFLOP/s in float32, {bfloat16 / 1e12:.3g} in bfloat16 on the tensor cores, "
        f"{bandwidth / 1e9:,.3g} GB/s from memory"
    )


def describe() -> str:
    """What GPU there is, and whether kernels can be compiled for it; or why there is none."""
    try:
        gpu = driver()
    except DeviceError as error:
        return f"none: {str(error).partition(';')[0]}"
    major, minor = gpu.compute_capability()
    version = gpu.number("cuDriverGetVersion", "int *")
    by = "the C++ compiler" if shim.is_used() else compilers.found() or "nothing: pip install 'minirl[cuda]'"
    return (
        f"{gpu.name()}, compute capability {major}.{minor}, {gpu.memory()[1] / 2**30:.0f} GiB, driver for CUDA "
        f"{version // 1000}.{version % 1000 // 10}; kernels compiled by {by}"
    )
