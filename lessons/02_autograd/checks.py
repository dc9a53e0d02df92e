"""What is tried with the exercises of lesson 2, and what must come out."""

import math

import numpy as np

from minirl.lessons.check import Check
from minirl.lessons.compare import Bound

FEW = Bound(8, 1.0, reason="a few roundings")
DEEP = 5000

# ---- 2.1: functions by name, so that a case can be printed ----

FUNCTIONS = {"x * x": lambda x: x * x, "x ** 3": lambda x: x**3, "math.sin(x)": math.sin, "math.exp(x)": math.exp}


def slopes(rng):
    yield "x * x", 3.0, 0.5
    yield "x ** 3", 1.0, 0.1
    yield "x ** 3", 0.0, 0.5
    for _ in range(15):
        yield str(rng.choice(list(FUNCTIONS))), float(np.round(rng.normal(), 2)), float(rng.choice([0.5, 0.1, 0.01]))


def right_slope(name, x, step):
    f = FUNCTIONS[name]
    high, low = f(x + step), f(x - step)
    return (high - low) / (step + step)


# ---- 2.2 and 2.3: one operation, with gradients that are there already ----


def products(rng):
    """(a, b, gradients of a and b before, gradient of the result)"""
    yield 2.0, 5.0, 0.0, 0.0, 1.0
    yield 2.0, 5.0, 0.0, 0.0, 3.0
    yield 2.0, 5.0, 1.0, 10.0, 1.0
    for _ in range(15):
        yield tuple(np.round(rng.normal(size=5), 1).tolist())


def pushed_product(names, a, b, before_a, before_b, gradient):
    x, y = names["Value"](a), names["Value"](b)
    x.grad, y.grad = before_a, before_b
    z = names["times"](x, y)
    z.grad = gradient
    z.push()
    square = names["Value"](a)
    twice = names["times"](square, square)
    twice.grad = gradient
    twice.push()
    return z.data, x.grad, y.grad, square.grad


def show_product(a, b, before_a, before_b, gradient):
    return (
        f"a, b = Value({a}), Value({b}); a.grad, b.grad = {before_a}, {before_b}\n"
        f"    c = times(a, b); c.grad = {gradient}; c.push()\n"
        f"    d = Value({a}); e = times(d, d); e.grad = {gradient}; e.push()\n"
        "    What is compared is (c.data, a.grad, b.grad, d.grad)"
    )


def bends(rng):
    yield 0.0, 0.0, 1.0
    yield 1.0, 0.0, 1.0
    yield 1.0, 2.0, 3.0
    for _ in range(15):
        yield tuple(np.round(rng.normal(size=3), 1).tolist())


def pushed_bend(names, a, before, gradient):
    x = names["Value"](a)
    x.grad = before
    y = names["tanh"](x)
    y.grad = gradient
    y.push()
    return y.data, x.grad


def right_bend(a, before, gradient):
    return math.tanh(a), before + gradient / math.cosh(a) ** 2


# ---- 2.4: graphs as {node: parents}, the root first ----


def graphs(rng):
    yield ({"z": ()},)
    yield ({"z": ("a",), "a": ()},)
    yield ({"z": ("a", "a"), "a": ()},)
    yield ({"z": ("y", "a"), "y": ("a", "b"), "a": (), "b": ()},)
    yield ({"z": ("a", "y"), "y": ("a", "b"), "a": (), "b": ()},)
    yield ({"z": ("l", "r"), "l": ("m",), "r": ("m",), "m": ("a",), "a": ()},)
    for size in (6, 9, 12):
        nodes = [f"n{i}" for i in range(size)]
        yield ({
            node: tuple(nodes[j] for j in sorted(rng.integers(i + 1, size, 2).tolist())) if i + 1 < size else ()
            for i, node in enumerate(nodes)
        },)  # fmt: skip
    yield ({i: (i + 1,) if i < DEEP else () for i in range(DEEP + 1)},)


def judged(names, graph):
    """What is wrong with the order, in words; for a long graph in short."""
    found = names["order"](next(iter(graph)), lambda node: graph[node])
    return verdict(found, graph)


def verdict(found, graph):
    if not isinstance(found, list):
        return f"a {type(found).__name__}, which is no list"
    reachable, waiting = set(), [next(iter(graph))]
    while waiting:
        node = waiting.pop()
        if node not in reachable:
            reachable.add(node)
            waiting.extend(graph[node])
    place = {node: index for index, node in reversed(list(enumerate(found)))}
    for node in found:
        if node not in reachable:
            return f"{node!r} is not part of the graph"
    if len(found) != len(place):
        return f"{next(node for node in found if found.count(node) > 1)!r} comes twice"
    for node in reachable:
        if node not in place:
            return f"{node!r} is missing"
    for node in found:
        for parent in graph[node]:
            if place[parent] < place[node]:
                return f"{parent!r} comes before {node!r}, which used it"
    return "in order"


def show_order(graph):
    if len(graph) > 20:
        return f"order(0, ...) with a chain of {len(graph)} nodes, each computed from the next"
    return f"graph = {graph}\n    order({next(iter(graph))!r}, lambda node: graph[node])"


# ---- 2.5: a program of operations; the oracle carries derivatives forward ----


class Plain:
    """What Value is in the exercises, with pushes that are right."""

    def __init__(self, data, parents=(), factors=()):
        self.data, self.grad, self.parents, self.factors = data, 0.0, tuple(parents), factors

    def push(self):
        for parent, factor in zip(self.parents, self.factors, strict=True):
            parent.grad += factor * self.grad


def programs(rng):
    """(inputs, operations): operation k makes value len(inputs) + k from the two values it names."""
    yield (2.0,), (("+", 0, 0),)
    yield (2.0, 3.0), (("*", 0, 1),)
    yield (2.0, 3.0), (("*", 0, 1), ("+", 2, 0))
    yield (2.0, 3.0), (("*", 0, 1), ("*", 2, 2), ("+", 3, 2))
    for _ in range(10):
        inputs = tuple(np.round(rng.uniform(0.5, 1.5, 3), 1).tolist())
        yield inputs, tuple((str(rng.choice(["+", "*"])), *rng.integers(0, 3 + k, 2).tolist()) for k in range(6))
    yield (1.0,), tuple(("+", k, k) if k < 3 else ("*", 0, k) for k in range(DEEP))


def walked(names, inputs, operations):
    values = [Plain(x) for x in inputs]
    for kind, i, j in operations:
        a, b = values[i], values[j]
        if kind == "+":
            values.append(Plain(a.data + b.data, (a, b), (1.0, 1.0)))
        else:
            values.append(Plain(a.data * b.data, (a, b), (b.data, a.data)))
    names["backward"](values[-1])
    return [value.grad for value in values[: len(inputs)]]


def forward_mode(inputs, operations):
    n = len(inputs)
    values = [(x, np.eye(n)[i]) for i, x in enumerate(inputs)]
    for kind, i, j in operations:
        (x, dx), (y, dy) = values[i], values[j]
        values.append((x + y, dx + dy) if kind == "+" else (x * y, x * dy + y * dx))
    return values[-1][1].tolist()


def show_program(inputs, operations):
    if len(operations) > 20:
        return f"backward(y) for a y that {len(operations)} operations, one after the other, computed from {inputs[0]}"
    lines = [f"v{i} = Value({x})" for i, x in enumerate(inputs)]
    lines += [f"v{len(inputs) + k} = v{i} {kind} v{j}" for k, (kind, i, j) in enumerate(operations)]
    last = len(inputs) + len(operations) - 1
    grads = ", ".join(f"v{i}.grad" for i in range(len(inputs)))
    return "\n    ".join([*lines, f"backward(v{last})   # then [{grads}]"])


# ---- 2.6 ----


def descents(rng):
    yield [1.0], [1.0], 0.5
    yield [1.0, -2.0], [0.5, 4.0], 0.1
    for _ in range(10):
        yield np.round(rng.normal(size=3), 1).tolist(), np.round(rng.normal(size=3), 1).tolist(), 0.1


def descended(names, data, grads, rate):
    parameters = [Plain(x) for x in data]
    for parameter, grad in zip(parameters, grads, strict=True):
        parameter.grad = grad
    names["descend"](parameters, rate)
    return [parameter.data for parameter in parameters], [parameter.grad for parameter in parameters]


CHECKS = {
    "slope": Check(
        cases=slopes,
        expected=right_slope,
        observe=lambda names, name, x, step: names["slope"](FUNCTIONS[name], x, step),
        show=lambda name, x, step: f"slope(lambda x: {name}, {x}, {step})",
        bound=lambda name, x, step: Bound(8, abs(FUNCTIONS[name](abs(x) + step)) / step, reason="heights are rounded"),
        shrink=False,
    ),
    "times": Check(
        cases=products,
        expected=lambda a, b, before_a, before_b, gradient: (
            a * b, before_a + b * gradient, before_b + a * gradient, 2 * a * gradient,
        ),
        observe=pushed_product,
        show=show_product,
        bound=FEW,
        shrink=False,
    ),
    "tanh": Check(
        cases=bends,
        expected=right_bend,
        observe=pushed_bend,
        show=lambda a, before, gradient: (
            f"a = Value({a}); a.grad = {before}; c = tanh(a); c.grad = {gradient}; c.push()   # then (c.data, a.grad)"
        ),
        bound=Bound(40, 1.0, reason="tanh and its square are rounded"),
        shrink=False,
    ),
    "order": Check(cases=graphs, expected=lambda graph: "in order", observe=judged, show=show_order, shrink=False),
    "backward": Check(
        cases=programs,
        expected=forward_mode,
        observe=walked,
        show=show_program,
        bound=lambda inputs, operations: Bound(8 * len(operations), 1.0, reason="a rounding for each operation"),
        shrink=False,
    ),
    "descend": Check(
        cases=descents,
        expected=lambda data, grads, rate: (
            [x - rate * g for x, g in zip(data, grads, strict=True)], [0.0] * len(data),
        ),
        observe=descended,
        show=lambda data, grads, rate: (
            f"descend(parameters, {rate}) with data {data} and grad {grads}   # then (all data, all grad)"
        ),
        bound=FEW,
        shrink=False,
    ),
}  # fmt: skip
