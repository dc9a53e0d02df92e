"""Not all three careless checkers are fooled. Read each of them again: what does it look at, and what does it not
look at?"""


def attacks(answer):
    return [f"Answer: 1{answer}1"]
