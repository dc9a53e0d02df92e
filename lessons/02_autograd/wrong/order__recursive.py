"""This calls itself once for each level of the graph, and Python allows about 1,000 calls inside each other. Keep
a list of what is still to be visited."""


def order(root, parents_of):
    found, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for parent in parents_of(node):
                visit(parent)
            found.append(node)

    visit(root)
    return found[::-1]
