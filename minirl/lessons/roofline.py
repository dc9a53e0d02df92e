"""A roofline for a lesson: what this machine can do, measured now, and what the learner's program gets out of it.

Left to right stands how many operations a program does for each byte that it must move, and upwards how many it does
in a second. Two ceilings bound it: memory, a slope, and arithmetic, a flat roof (Williams, Waterman and Patterson 2009,
"Roofline"). A point far below both is a program that waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minirl import kernels
from minirl.kernels import peak
from minirl.kernels.peak import Peaks
from minirl.lessons.mine import COLOURS, INK, SOFT, Picture

MARKERS = "osD^vPX*"
WIDER = 1.2  # from which ratio on a second roof is drawn


@dataclass(frozen=True)
class Point:
    """One program on the roofline."""

    name: str
    flops: float
    """The operations that it has to do."""
    bytes: float
    """The bytes that it has to move at the least."""
    seconds: float

    @property
    def rate(self) -> float:
        """Operations in a second."""
        return self.flops / self.seconds

    @property
    def intensity(self) -> float:
        """Operations for each byte."""
        return self.flops / self.bytes


@dataclass(frozen=True)
class Machine(Peaks):
    """The two ceilings, and a third: arithmetic with the widest vectors that this processor has."""

    isa: str = ""
    """The instruction set that minirl and the learner's C are compiled for; `fma` is its ceiling."""
    widest: float = 0.0
    """Operations a second with the widest one, which NumPy uses where it can."""


def machine(threads: int = 1) -> Machine:
    """This machine's ceilings with so many threads, measured now; takes two or three seconds."""
    threads_before, isa = kernels.get_threads(), kernels.isa()
    kernels.set_threads(threads)
    try:
        found = peak.measure()
        widest, usable = found.fma, [name for name, has in kernels.isas().items() if has]
        if usable and usable[-1] != isa:
            kernels.set_isa(usable[-1])
            widest = max(widest, peak.fma())
    finally:
        kernels.set_threads(threads_before)
        if isa is not None:
            kernels.set_isa(isa)
    return Machine(found.fma, found.fma_bf16, found.bandwidth, found.source, isa or "", widest)


def share(peaks: Peaks, point: Point) -> float:
    """How much of what this machine can do the program gets: 0 to 1, or a little more where the peak was disturbed."""
    return peaks.floor(point.flops, point.bytes)[0] / point.seconds


def roofline(peaks: Peaks, points: Sequence[Point], title: str = "", alt: str = "") -> Picture:
    """The roofline with the points. alt: the picture in words; by default its points with their rates."""
    said = "; ".join(f"{one.name} {one.rate / 1e9:.3g}" for one in points)
    words = alt or (
        f"A roofline. The roof is at {peaks.fma / 1e9:.0f} GFLOP/s, the slope is {peaks.bandwidth / 1e9:.0f} GB/s. The "
        f"points, in GFLOP/s: {said}."
    )
    picture = Picture(words, 7, 4)
    axes = picture.subplots()
    lowest = min(one.intensity for one in points)
    highest = max(one.intensity for one in points)
    corner = peaks.fma / peaks.bandwidth
    left, right = min(lowest, corner) / 4, max(highest, corner) * 6
    x = np.array([left, corner, right])
    axes.plot(x, np.minimum(x * peaks.bandwidth, peaks.fma) / 1e9, color=INK, linewidth=2)
    isa = peaks.isa.removesuffix("bf16") if isinstance(peaks, Machine) else ""  # the roof is float32's
    with_ = f" with {isa}" if isa else ""
    end: dict[str, Any] = {"x": right / 1.1, "ha": "right", "va": "bottom", "fontsize": 9}
    axes.text(y=peaks.fma / 1e9 * 1.06, s=f"float32 arithmetic{with_}: {peaks.fma / 1e9:.0f} GFLOP/s", color=INK, **end)
    if isinstance(peaks, Machine) and peaks.widest > WIDER * peaks.fma:
        axes.axhline(peaks.widest / 1e9, color=SOFT, linestyle="--")
        axes.text(
            y=peaks.widest / 1e9 * 1.06, s=f"with the widest vectors: {peaks.widest / 1e9:.0f}", color=SOFT, **end
        )
    slope = f"memory: {peaks.bandwidth / 1e9:.0f} GB/s"
    axes.text(left * 1.1, left * peaks.bandwidth / 1e9 * 0.8, slope, va="top", color=INK, fontsize=9)
    for index, one in enumerate(points):
        colour, marker = COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)]
        label = f"{one.name}: {one.rate / 1e9:.3g} GFLOP/s, {share(peaks, one):.0%}"
        axes.plot(one.intensity, one.rate / 1e9, marker, color=colour, markersize=8, label=label, linestyle="none")
    bottom = min(one.rate for one in points) / 1e9
    axes.set(
        xscale="log",
        yscale="log",
        xlim=(left, right),
        ylim=(bottom / 3, max(peaks.fma, getattr(peaks, "widest", 0.0)) / 1e9 * 2.5),
    )
    axes.set_xlabel("operations for each byte")
    axes.set_ylabel("GFLOP/s")
    axes.grid(color="#dddddd", which="major")
    axes.tick_params(colors=SOFT)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower left" if lowest > corner else "lower right", frameon=False, fontsize=8)
    if title:
        axes.set_title(title, fontsize=10, loc="left")
    return picture
