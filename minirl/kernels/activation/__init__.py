"""Activation functions, element by element, and their gradients."""

OPERATIONS = ("sigmoid", "gelu", "gelu_backward", "silu", "silu_backward", "swiglu", "swiglu_backward")
