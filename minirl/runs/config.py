"""Everything a run can be told, with its defaults, in one place. Every field is a flag: `--sft.learning-rate 5e-4`.

Two presets: "roger", the default, is the main job; "smoke" runs the same chain in seconds, and learns nothing.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, get_type_hints

from minirl.model import GPTConfig
from minirl.rl.config import RLConfig

T = TypeVar("T")


@dataclass(frozen=True)
class ModelConfig:
    """The transformer: Llama's shape (RMSNorm, RoPE, SwiGLU, no biases, tied embeddings), small."""

    vocab_size: int = 1024
    """Tokens of the byte-level BPE, which is trained on the pretraining texts: 256 bytes, special tokens, merges."""
    pattern: str = "gpt2"
    """How text is cut before bytes are merged: "gpt2" lets a small number become one token, "gpt4-digits" gives every
    digit its own; or a regular expression."""
    context_length: int = 128
    """The most tokens the model sees at once: prompt and answer together."""
    n_layer: int = 3
    """Blocks of attention and MLP."""
    n_head: int = 4
    """Attention heads; must divide d_model."""
    d_model: int = 128
    """Width of the residual stream."""
    d_ff: int = 352
    """Width of the MLP."""

    def gpt(self, vocab_size: int) -> GPTConfig:
        """The model's full configuration, for a tokenizer of `vocab_size` tokens."""
        return GPTConfig.llama(
            vocab_size=vocab_size, context_length=self.context_length, n_layer=self.n_layer, n_head=self.n_head,
            d_model=self.d_model, d_ff=self.d_ff, tie_embeddings=True,
        )  # fmt: skip


@dataclass(frozen=True)
class OptimizerConfig:
    """AdamW with a learning rate that rises in a line and falls along a cosine; every stage has its own."""

    learning_rate: float = 1e-3
    """Peak learning rate."""
    final_share: float = 0.05
    """Learning rate at the last step, as a share of the peak."""
    warmup: int = 20
    """Steps over which the learning rate rises."""
    beta1: float = 0.9
    """AdamW's memory of the gradient, per step."""
    beta2: float = 0.95
    """AdamW's memory of the squared gradient, per step."""
    weight_decay: float = 0.1
    """AdamW's weight decay, on matrices only."""
    max_norm: float = 1.0
    """Largest norm of the gradient; a longer one is shortened to it."""


@dataclass(frozen=True)
class PretrainConfig(OptimizerConfig):
    """Stage 1: predict the next token of texts: generated ones, without worked solutions, or a dataset's own."""

    learning_rate: float = 2.5e-3
    warmup: int = 100
    beta2: float = 0.98
    steps: int = 8000
    """Updates of the weights."""
    batch_tokens: int = 384
    """Tokens of a batch. Many small batches teach more than few large ones."""
    micro_rows: int = 1024
    """Documents computed at once; a batch of more is cut into parts whose gradients add up to the same."""


@dataclass(frozen=True)
class SFTConfig(OptimizerConfig):
    """Stage 2: supervised fine-tuning on demonstrations with reasoning; only the completion counts in the loss."""

    learning_rate: float = 2e-3
    demonstrations: int = 400
    """Worked problems shown; the science questions come on top."""
    epochs: int = 12
    """Times each is shown."""
    batch_rows: int = 16
    """Demonstrations in a batch."""
    micro_rows: int = 1024
    """Documents computed at once; a batch of more is cut into parts whose gradients add up to the same."""


@dataclass(frozen=True)
class EvalConfig:
    """What is measured: on `dev` while training, on the test splits at the end."""

    problems: int = 500
    """Problems of each test split in the final table."""
    samples: int = 8
    """Samples for each, for pass@k and majority@k with k = this."""
    dev_problems: int = 128
    """Problems of the dev split solved greedily now and then, for the curves."""
    probes: int = 10
    """How many times a stage looks at dev."""
    max_new_tokens: int = 40
    """Longest answer, in tokens."""
    science_tokens: int = 96
    """Longest answer to a science question, in tokens."""


@dataclass(frozen=True)
class RLStageConfig(OptimizerConfig, RLConfig):
    """Stage 3: reinforcement learning with a 0/1 reward on the final answer. Problems are new in every step."""

    learning_rate: float = 1e-3
    final_share: float = 0.1
    warmup: int = 10
    beta2: float = 0.99
    weight_decay: float = 0.0
    prompts: int = 64
    samples: int = 4
    steps: int = 400
    """Batches of episodes, and so (with one update each) updates of the weights."""
    rehearsal: int = 16
    """Demonstrations of fine-tuning that every update goes over again, so that they are not forgotten; 0: none."""
    rehearsal_weight: float = 0.3
    """How much the demonstrations' mean loss per token counts beside the episodes."""


@dataclass(frozen=True)
class TrainConfig:
    """A run of the main job."""

    name: str = "roger"
    """The run's folder is <runs>/<name>; where that exists, <name>-2, and so on."""
    runs: str = "runs"
    """Folder of all runs."""
    seed: int = 0
    """Every random number of the run follows from it."""
    task: str = "word_problems"
    """What reinforcement learning teaches: one of the tasks in minirl/tasks."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """How matrix products are computed; bfloat16 rounds their inputs, and is faster where the processor has it."""
    last_stage: Literal["pretrain", "sft", "rl"] = "rl"
    """Where the run ends; the later stages are left out, of its table and report too."""
    checkpoint_seconds: float = 60.0
    """Seconds between two checkpoints within a stage."""
    model: ModelConfig = field(default_factory=ModelConfig)
    pretrain: PretrainConfig = field(default_factory=PretrainConfig)
    sft: SFTConfig = field(default_factory=SFTConfig)
    rl: RLStageConfig = field(default_factory=RLStageConfig)
    evaluation: EvalConfig = field(default_factory=EvalConfig)


ROGER = TrainConfig()
SMOKE = TrainConfig(
    name="smoke",
    model=ModelConfig(vocab_size=512, n_layer=2, n_head=2, d_model=64, d_ff=176),
    pretrain=PretrainConfig(steps=60, warmup=10),
    sft=SFTConfig(demonstrations=64, epochs=2, warmup=4),
    rl=RLStageConfig(steps=3, prompts=4, samples=4, warmup=1),
    evaluation=EvalConfig(problems=16, samples=2, dev_problems=8, probes=2, science_tokens=8),
)
PRESETS = {"roger": ROGER, "smoke": SMOKE}


def to_json(config: Any) -> dict[str, Any]:
    """A configuration as plain dicts, for config.json."""
    result: dict[str, Any] = dataclasses.asdict(config)
    return result


def from_json(kind: type[T], data: Mapping[str, Any]) -> T:
    """What to_json wrote, as a configuration again. Raises ValueError for a field that this version does not know."""
    hints = get_type_hints(kind)
    unknown = sorted(set(data) - set(hints))
    if unknown:
        raise ValueError(f"{kind.__name__}: this version of minirl knows no setting {', '.join(unknown)}")
    values = {
        name: from_json(hints[name], value) if dataclasses.is_dataclass(hints[name]) else _tuples(value)
        for name, value in data.items()
    }
    return kind(**values)


def _tuples(value: Any) -> Any:
    """JSON has lists only; configurations hold tuples."""
    return tuple(value) if isinstance(value, list) else value
