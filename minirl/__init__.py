"""minirl: a reasoning language model from scratch, to read and to run."""

from minirl import kernels
from minirl.autograd import no_grad
from minirl.gradient_check import check_gradients
from minirl.tensor import Tensor

__all__ = ["Tensor", "__version__", "check_gradients", "kernels", "no_grad"]
__version__ = "0.1.0"
