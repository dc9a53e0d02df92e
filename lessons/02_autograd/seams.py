"""Where the function of lesson 2 goes into minirl: the order in which Node.backward visits the graph."""

from minirl.lessons import Seam, SwapError


def fit_order(order, original):
    """Node._graph, which lists the nodes the other way round: the root last. The learner's function sees numbers."""

    def fitted(self):
        allowed = {id(node): node for node in original(self)}  # also refuses a graph that has been freed

        def parents_of(number):
            return [id(parent) for parent in allowed[number]._parents if parent.requires_grad]

        found = order(id(self), parents_of)
        place = {number: index for index, number in enumerate(found)}
        if len(found) != len(allowed) or place.keys() != allowed.keys():
            raise SwapError(f"autograd.order: your order has {len(found)} nodes, and the graph has {len(allowed)}")
        for number in found:
            if any(place[parent] < place[number] for parent in parents_of(number)):
                raise SwapError("autograd.order: in your order a node stands before one that used it")
        return [allowed[number] for number in reversed(found)]

    return fitted


SEAMS = [
    Seam(
        "autograd.order",
        places=[("minirl.autograd:Node._graph", fit_order)],
        oracle=lambda root, parents_of: None,
        compare=False,  # many orders are right: fit_order tests each of them
        meter="minirl.autograd:Node.backward",
        unit="backward passes",
    ),
]
