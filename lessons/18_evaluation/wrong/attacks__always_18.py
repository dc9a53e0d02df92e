"""The texts are the same for every answer. Put the answer that was given into them."""


def attacks(answer):
    return ["It is certainly not 18.", "Answer: 17+1"]
