"""QK-norm: each head's queries and keys are normalised before they are compared (Qwen3; Henry et al. 2020).

A product of a query and a key can grow without bound in training, and then one key takes all the attention. Divided by
their root mean square, with a weight for each of a head's D numbers, they cannot.
"""

from minirl import functional as F
from minirl.model.config import GPTConfig
from minirl.nn import Module, RMSNorm
from minirl.tensor import Tensor


class QKNorm(Module):
    """packed (B, T, (H + 2 H_kv) D) -> the same, with the queries and keys of each head normalised."""

    def __init__(self, config: GPTConfig) -> None:
        self.config = config
        self.query = RMSNorm(config.head_size, config.norm_eps)
        self.key = RMSNorm(config.head_size, config.norm_eps)

    def __call__(self, packed: Tensor) -> Tensor:
        B, T, _ = packed.shape
        H, H_kv, D = self.config.n_head, self.config.kv_heads, self.config.head_size
        heads = packed.reshape(B, T, H + 2 * H_kv, D)
        q, k, v = heads[:, :, :H], heads[:, :, H : H + H_kv], heads[:, :, H + H_kv :]
        return F.concatenate([self.query(q), self.key(k), v], axis=2).reshape(B, T, (H + 2 * H_kv) * D)
