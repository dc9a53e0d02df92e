"""The GPU: its driver, the compilation of kernels for it, its memory, and arrays in that memory.

    >>> from minirl.kernels import device
    >>> x = device.device(numpy_array)       # a DeviceArray: a copy on the GPU
    >>> kernels.use("cuda")
    >>> y = kernels.softmax(x)               # computed there, and left there
    >>> y.numpy()                            # waits for it, and fetches it

Nothing here is imported before `kernels.use("cuda")`. The modules, lowest first: source and cache, shim and
compilers, driver, memory, launch, strides, array, elementwise.
"""

from minirl.kernels.device.array import DeviceArray, device, empty, layout, written
from minirl.kernels.device.errors import DeviceError, DeviceMemoryError
from minirl.kernels.device.launch import blocks, launch

__all__ = [
    "DeviceArray",
    "DeviceError",
    "DeviceMemoryError",
    "blocks",
    "device",
    "empty",
    "launch",
    "layout",
    "written",
]
