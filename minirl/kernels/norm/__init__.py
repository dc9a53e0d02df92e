"""Layer norm and RMS norm along rows, their gradients, and the sums over rows that gradients of biases are."""

OPERATIONS = ("layer_norm", "layer_norm_backward", "rms_norm", "rms_norm_backward", "column_sums")
