"""Fine-tuning and RL through adapters (LoRA): the stage's model gets them, its checkpoint keeps them, and a model that
was trained so is loaded merged.

The model's own matrices stay as they were, in the same memory. So the policy that RL began with, which the KL term
needs, is there without a copy: it reads the same arrays without the adapters.
"""

from collections.abc import Mapping

from minirl.autograd import Array
from minirl.model import GPT
from minirl.model.lora import LoRAConfig, adapted_layers, adapter_arrays, add_adapters, load_adapter_arrays
from minirl.runs import TrainConfig
from minirl.streams import stream_seed

PREFIX = "adapter."


def adapt(model: GPT, config: TrainConfig, stage: str) -> None:
    """Put new adapters beside the model's matrices, where the run trains through adapters. Raises ValueError for
    matrices that the model does not have."""
    lora = config.lora
    if lora.rank and stage != "pretrain":
        settings = LoRAConfig(lora.rank, lora.alpha, lora.matrices or ())
        add_adapters(model, settings, stream_seed(config.seed, f"adapters of {stage}"))


def has_adapters(model: GPT) -> bool:
    """Whether anything learns beside the model's own matrices."""
    return any(True for _ in adapted_layers(model))


def start_of(model: GPT) -> GPT:
    """The model without its adapters, in the same memory."""
    start = GPT(model.config, seed=None).eval()
    own = dict(model.named_parameters())
    for name, parameter in start.named_parameters():
        parameter.data, parameter.requires_grad = own[name].data, False
    return start


def kept(model: GPT) -> dict[str, Array]:
    """What a checkpoint holds of the adapters."""
    return {f"{PREFIX}{name}": x for name, x in adapter_arrays(model).items()}


def take_up(model: GPT, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Load the adapters from what a checkpoint holds; returns the other arrays. Raises ValueError where they do not
    fit."""
    if has_adapters(model):
        load_adapter_arrays(model, {n.removeprefix(PREFIX): x for n, x in arrays.items() if n.startswith(PREFIX)})
    return {name: x for name, x in arrays.items() if not name.startswith(PREFIX)}
