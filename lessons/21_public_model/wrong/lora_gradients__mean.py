"""The gradients of A and B are divided by the number of rows here. They add up over the rows; a mean, where one is
wanted, is part of dy already."""


def lora_gradients(dy, x, A, B, scale):
    low = x @ A.T
    dlow = scale * (dy @ B)
    return dlow @ A, dlow.T @ x / len(x), scale * (dy.T @ low) / len(x)
