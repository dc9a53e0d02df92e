"""Learning rates over a run: a step, counted from 0, in; its rate out. `optimizer.lr = warmup_cosine(step, ...)`.

                 warmup_cosine                     warmup_stable_decay
    peak          /\\                                /------------\\
                 /  `-.                            /              \\
    final       /      `--..                      /                \\
"""

import math


def warmup_cosine(step: int, *, peak: float, warmup: int, total: int, final: float = 0.0) -> float:
    """Rise in a line over `warmup` steps to peak, then fall along half a cosine to final at step `total` and stay
    (Loshchilov and Hutter 2017). The first step is peak / warmup and not 0, so that no step is lost."""
    _check("warmup_cosine", warmup, total)
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min((step - warmup) / max(total - warmup, 1), 1.0)
    return final + (peak - final) * 0.5 * (1 + math.cos(math.pi * progress))


def warmup_stable_decay(step: int, *, peak: float, warmup: int, total: int, decay: int, final: float = 0.0) -> float:
    """Rise in a line over `warmup` steps to peak, stay, then fall in a line to final over the last `decay` steps (Hu et
    al. 2024, MiniCPM). Unlike the cosine, a run can be prolonged from any point before the decay."""
    _check("warmup_stable_decay", warmup + decay, total)
    if step < warmup:
        return peak * (step + 1) / warmup
    left = max(total - step, 0)
    return peak if left >= decay else final + (peak - final) * left / decay


def _check(name: str, needed: int, total: int) -> None:
    if needed > total:
        raise ValueError(f"{name}: warmup (and decay) take {needed} steps, but there are {total}")
