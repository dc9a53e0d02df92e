"""What can go wrong with a GPU."""


class DeviceError(RuntimeError):
    """The GPU, its driver or its compiler is missing or has failed."""


class DeviceMemoryError(MemoryError):
    """The GPU has no memory left."""
