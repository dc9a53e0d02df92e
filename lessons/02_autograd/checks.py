"""What is tried with the exercises of lesson 2, and what must come out."""

import math

import numpy as np

from minirl.lessons.check import Check, Unusable
from minirl.lessons.compare import Bound, Verdict, brief

FEW = Bound(8, 1.0, reason="a few roundings")
DEEP, DOUBLED = 5000, 40

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


def made(names, function, *inputs):
    """The Value that the learner's function makes of these."""
    result = names[function](*inputs)
    if isinstance(result, names["Value"]):
        return result
    if result is None:
        raise Unusable(f"`{function}` returns None. Is there a `return c` at its end, after the inner function?")
    raise Unusable(f"`{function}` returns {brief(result)}. It has to return a Value, which remembers how it was made.")


def parents(value, **known):
    """The names of the values that this one says it was made from, as text."""
    found = [next((name for name, one in known.items() if one is parent), "another") for parent in value.parents]
    return f"({', '.join(sorted(found))})"


def pushed_product(names, a, b, before_a, before_b, gradient):
    x, y = names["Value"](a), names["Value"](b)
    x.grad, y.grad = before_a, before_b
    z = made(names, "times", x, y)
    z.grad = gradient
    z.push()
    square = names["Value"](a)
    twice = made(names, "times", square, square)
    twice.grad = gradient
    twice.push()
    return z.data, x.grad, y.grad, square.grad, parents(z, a=x, b=y)


def right_product(a, b, before_a, before_b, gradient):
    return a * b, before_a + b * gradient, before_b + a * gradient, 2 * a * gradient, "(a, b)"


def show_product(a, b, before_a, before_b, gradient):
    return (
        f"a, b = Value({a}), Value({b}); a.grad, b.grad = {before_a}, {before_b}\n"
        f"    c = times(a, b); c.grad = {gradient}; c.push()   # then c.data, a.grad, b.grad and c.parents\n"
        f"    d = Value({a}); e = times(d, d); e.grad = {gradient}; e.push()   # then d.grad"
    )


def bends(rng):
    yield 1.0, 0.0, 1.0
    yield 1.0, 2.0, 3.0
    yield 0.0, 0.0, 1.0
    for _ in range(15):
        yield tuple(np.round(rng.normal(size=3), 1).tolist())


def pushed_bend(names, a, before, gradient):
    x = names["Value"](a)
    x.grad = before
    y = made(names, "tanh", x)
    y.grad = gradient
    y.push()
    return y.data, x.grad, y.grad, parents(y, a=x)


def right_bend(a, before, gradient):
    return math.tanh(a), before + gradient / math.cosh(a) ** 2, gradient, "(a)"


# ---- 2.4: graphs as {node: parents}, the root first ----


def graphs(rng):
    yield ({"z": ()},)
    yield ({"z": ("a",), "a": ()},)
    yield ({"z": ("a", "a"), "a": ()},)
    yield ({"z": ("y", "a"), "y": ("a", "b"), "a": (), "b": ()},)
    yield ({"z": ("a", "y"), "y": ("a", "b"), "a": (), "b": ()},)
    yield ({"z": ("l", "r"), "l": ("m",), "r": ("m",), "m": ("a",), "a": ()},)
    yield ({"z": ("x", "y"), "x": ("a",), "y": ("a", "a"), "a": ()},)
    yield ({"z": ("y", "x"), "x": ("a",), "y": ("a", "a"), "a": ()},)
    for size in (6, 9, 12):
        nodes = [f"n{i}" for i in range(size)]
        yield ({
            node: tuple(nodes[j] for j in sorted(rng.integers(i + 1, size, 2).tolist())) if i + 1 < size else ()
            for i, node in enumerate(nodes)
        },)  # fmt: skip
    yield ({i: (i + 1, i + 1) if i < DOUBLED else () for i in range(DOUBLED + 1)},)
    yield ({i: (i + 1,) if i < DEEP else () for i in range(DEEP + 1)},)


class Stopped(Exception):
    """The walk asks too often, or about something that is no node; the message says what is wrong."""


def judged(names, graph):
    """What is wrong with the order. A walk that asks for parents far too often is stopped."""
    asked = 0

    def parents_of(node):
        nonlocal asked
        asked += 1
        if node not in graph:
            raise Stopped(f"parents_of is asked about {brief(node)}, and this is no node of the graph")
        if asked > 20 * len(graph) + 100:
            raise Stopped(
                f"parents_of is asked {asked} times, and the number of nodes is {len(graph)}. Either the walk never "
                "ends, or it goes along every path, of which there are very many. Visit each node once"
            )
        return graph[node]

    try:
        found = names["order"](next(iter(graph)), parents_of)
    except Stopped as stopped:
        return Verdict("stopped", str(stopped))
    return verdict(found, graph)


def verdict(found, graph):
    """Whether the list has each node once that the first one was made from, and after its users."""
    if not isinstance(found, list):
        return Verdict("type", f"Your order is {brief(found)}, a {type(found).__name__}; return a list")
    yours = f"Your order is {brief(found)}"
    reachable, waiting = set(), [next(iter(graph))]
    while waiting:
        node = waiting.pop()
        if node not in reachable:
            reachable.add(node)
            waiting.extend(graph[node])
    place = {node: index for index, node in reversed(list(enumerate(found)))}
    for node in found:
        if node not in reachable:
            return Verdict("stranger", f"{yours}. {brief(node)} is no node that the root was computed from")
    if len(found) != len(place):
        twice = next(node for node in found if found.count(node) > 1)
        return Verdict("twice", f"{yours}. {twice!r} stands in it twice, so it would push twice")
    for node in graph:
        if node in reachable and node not in place:
            return Verdict("missing", f"{yours}. {node!r} is missing, so it would never push")
    for node in found:
        for parent in graph[node]:
            if place[parent] < place[node]:
                return Verdict(
                    "before", f"{yours}. {parent!r} comes before {node!r}, which used it, so it would push too early"
                )
    return Verdict()


def show_order(graph):
    root, of_root = next(iter(graph.items()))
    if len(graph) > 20:
        twice = ", and uses it twice" if len(of_root) > 1 else ""
        return f"order(0, ...) with {len(graph)} nodes in a chain: each was computed from the next{twice}"
    made_from = f"   # {root!r} was computed from {' and '.join(map(repr, of_root))}" if of_root else ""
    return f"graph = {graph}{made_from}\n    order({root!r}, lambda node: graph[node])"


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
    return [*(value.grad for value in values[: len(inputs)]), values[-1].grad]


def forward_mode(inputs, operations):
    n = len(inputs)
    values = [(x, np.eye(n)[i]) for i, x in enumerate(inputs)]
    for kind, i, j in operations:
        (x, dx), (y, dy) = values[i], values[j]
        values.append((x + y, dx + dy) if kind == "+" else (x * y, x * dy + y * dx))
    return [*values[-1][1].tolist(), 1.0]


def gradients(inputs, operations):
    """What to call the numbers that are compared."""
    return [*(f"v{i}.grad" for i in range(len(inputs))), f"v{len(inputs) + len(operations) - 1}.grad, of the root,"]


def show_program(inputs, operations):
    if len(operations) > 20:
        return f"backward(y) for a y that {len(operations)} operations, one after the other, computed from {inputs[0]}"
    lines = [f"v{i} = Value({x})" for i, x in enumerate(inputs)]
    lines += [f"v{len(inputs) + k} = v{i} {kind} v{j}" for k, (kind, i, j) in enumerate(operations)]
    return "\n    ".join([*lines, f"backward(v{len(inputs) + len(operations) - 1})"])


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
    return [*(parameter.data for parameter in parameters), *(parameter.grad for parameter in parameters)]


def show_descent(data, grads, rate):
    lines = [f"p{i} = Value({x}); p{i}.grad = {grad}" for i, (x, grad) in enumerate(zip(data, grads, strict=True))]
    listed = ", ".join(f"p{i}" for i in range(len(data)))
    return "\n    ".join([*lines, f"descend([{listed}], {rate})"])


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
        expected=right_product,
        observe=pushed_product,
        show=show_product,
        parts=("c.data", "a.grad", "b.grad", "d.grad", "c.parents"),
        bound=FEW,
        shrink=False,
    ),
    "tanh": Check(
        cases=bends,
        expected=right_bend,
        observe=pushed_bend,
        show=lambda a, before, gradient: (
            f"a = Value({a}); a.grad = {before}\n"
            f"    c = tanh(a); c.grad = {gradient}; c.push()   # then c.data, a.grad, c.grad and c.parents"
        ),
        parts=("c.data", "a.grad", "c.grad", "c.parents"),
        bound=Bound(40, 1.0, reason="tanh and its square are rounded"),
        shrink=False,
    ),
    "order": Check(cases=graphs, expected=lambda graph: Verdict(), observe=judged, show=show_order, shrink=False),
    "backward": Check(
        cases=programs,
        expected=forward_mode,
        observe=walked,
        show=show_program,
        parts=gradients,
        bound=lambda inputs, operations: Bound(8 * len(operations), 1.0, reason="a rounding for each operation"),
        shrink=False,
    ),
    "descend": Check(
        cases=descents,
        expected=lambda data, grads, rate: [
            *(x - rate * g for x, g in zip(data, grads, strict=True)), *([0.0] * len(data)),
        ],
        observe=descended,
        show=show_descent,
        parts=lambda data, grads, rate: [f"p{i}.{what}" for what in ("data", "grad") for i in range(len(data))],
        bound=FEW,
        shrink=False,
    ),
}  # fmt: skip
