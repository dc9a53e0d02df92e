"""How many threads the kernels should start with."""

import os
from pathlib import Path

from minirl.kernels.environment import SettingError

CGROUP = Path("/sys/fs/cgroup")  # Linux's control groups, which limit containers


def available_cores() -> int:
    """The cores this process may use: its affinity mask, cut to a container's CPU quota.

    More threads than that make OpenMP programs many times slower, since every parallel region waits for its last
    thread, and that one is not running.
    """
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        cores = os.cpu_count() or 1
    quota = cgroup_quota()
    return max(1, min(cores, round(quota))) if quota else cores


def cgroup_quota() -> float | None:
    """CPUs granted by the control group, or None without a limit.

    Version 2 has cpu.max, holding "max 100000" or "150000 100000"; version 1 two files, where -1 means no limit.
    """
    for files in (["cpu.max"], ["cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"]):
        try:
            quota, period = " ".join((CGROUP / name).read_text() for name in files).split()
        except (OSError, ValueError):
            continue
        return None if quota in ("max", "-1") else int(quota) / int(period)
    return None


def default_threads() -> int:
    """MINIRL_THREADS, else OMP_NUM_THREADS, else the available cores. Raises SettingError where they hold no number."""
    for variable in ("MINIRL_THREADS", "OMP_NUM_THREADS"):
        text = os.environ.get(variable, "")
        if text:
            first = text.split(",")[0]  # OpenMP allows one number for each nesting level
            if not first.isdigit() or int(first) < 1:
                raise SettingError(f"{variable}={text!r} is not a number of threads; use 1 or more, or unset it")
            return int(first)
    return available_cores()
