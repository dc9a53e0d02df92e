"""All settings of a run, with their defaults, in one place. Every field is a flag: `--sft.learning-rate 5e-4`.

presets.py has other sets of defaults, for other jobs.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, get_type_hints

from minirl.console import printable
from minirl.model import GPTConfig
from minirl.rl.config import PPOConfig
from minirl.storage.shape import checked

T = TypeVar("T")


@dataclass(frozen=True)
class ModelConfig:
    """The transformer: small, and by default in Llama's shape (RMSNorm, RoPE, SwiGLU, no biases, tied embeddings)."""

    vocab_size: int = 1024
    """Tokens of the byte-level BPE tokenizer: 256 bytes, special tokens, and merges learned from the training texts."""
    pattern: str = "gpt2"
    """How text is split before merging: gpt2, gpt4, gpt4-digits (each digit is a token) or a regular expression."""
    context_length: int = 128
    """Largest number of tokens the model sees at once, prompt and answer together."""
    n_layer: int = 3
    """Number of transformer blocks, each with attention and an MLP."""
    n_head: int = 4
    """Attention heads per block; must divide d_model."""
    d_model: int = 128
    """Width of the residual stream: numbers per token between blocks."""
    d_ff: int = 352
    """Width of the MLP's hidden layer."""
    design: Literal["llama", "gpt2"] = "llama"
    """Llama's shape, or GPT-2's: LayerNorm, learned positions, GELU, biases."""
    init_std: float = 0.05
    """Standard deviation of the initial weights. GPT-2's 0.02 is for a width of 768 and more; this width learns faster
    from larger ones."""

    def gpt(self, vocab_size: int) -> GPTConfig:
        """The model's full configuration, for a tokenizer of `vocab_size` tokens."""
        if self.design == "gpt2":
            return GPTConfig(
                vocab_size=vocab_size, context_length=self.context_length, n_layer=self.n_layer, n_head=self.n_head,
                d_model=self.d_model, d_ff=self.d_ff,
            )  # fmt: skip
        return GPTConfig.llama(
            vocab_size=vocab_size, context_length=self.context_length, n_layer=self.n_layer, n_head=self.n_head,
            d_model=self.d_model, d_ff=self.d_ff, tie_embeddings=True,
        )  # fmt: skip


@dataclass(frozen=True)
class OptimizerConfig:
    """AdamW, or Muon, with a learning rate that rises linearly (warm-up), then falls; each stage has its own."""

    optimizer: Literal["adamw", "muon"] = "adamw"
    """Muon makes the momentum of the blocks' matrices orthogonal before it is applied; all else stays with AdamW."""
    learning_rate: float = 1e-3
    """Peak learning rate."""
    final_share: float = 0.05
    """Learning rate at the last step, as a fraction of the peak."""
    schedule: Literal["cosine", "stable"] = "cosine"
    """How the rate goes on after warm-up: down along half a cosine, or stable and then down in a line (decay-share)."""
    decay_share: float = 0.2
    """Schedule "stable": the share of all steps in which the rate falls, at the end."""
    warmup: int = 20
    """Steps in which the learning rate rises from 0 to its peak."""
    beta1: float = 0.9
    """AdamW: decay rate of the running mean of gradients (beta1)."""
    beta2: float = 0.95
    """AdamW: decay rate of the running mean of squared gradients (beta2)."""
    weight_decay: float = 0.1
    """AdamW: each step shrinks matrices by this times the learning rate; other parameters are not decayed."""
    max_norm: float = 1.0
    """Gradients with a larger norm are scaled down to this norm (gradient clipping)."""


@dataclass(frozen=True)
class PretrainConfig(OptimizerConfig):
    """Stage 1, pretraining: predict the next token of texts. The texts are generated, without worked solutions; a
    published dataset brings its own, and --corpus reads real text."""

    learning_rate: float = 3.5e-3
    warmup: int = 100
    beta2: float = 0.98
    steps: int = 2400
    """Updates of the weights."""
    batch_tokens: int = 1536
    """Tokens per batch. Of a quarter of this, four times as many updates learn to copy late, or not with every seed."""
    micro_rows: int = 1024
    """Documents per pass. A larger batch is computed in parts, in less memory; their gradients add up to the same."""
    micro_tokens: int = 32768
    """Tokens per pass, for the same reason (gradient accumulation)."""
    epochs: float = 0.0
    """With --corpus: how many times its text is read; this sets --pretrain.steps. 0: as many steps as that says."""


@dataclass(frozen=True)
class SFTConfig(OptimizerConfig):
    """Stage 2, supervised fine-tuning (SFT) on demonstrations with reasoning; only completions count in the loss."""

    learning_rate: float = 7e-4
    demonstrations: int = 400
    """Number of worked problems; the science questions come on top."""
    epochs: int = 4
    """How many times each demonstration is shown; 0: no fine-tuning, RL begins with the model as it is."""
    batch_rows: int = 16
    """Demonstrations per batch."""
    rehearsal_texts: int = 8
    """New documents of pretraining's kinds added to every batch, so that the model still knows how to write them."""
    micro_rows: int = 1024
    """Demonstrations per pass. A larger batch is computed in parts, in less memory, with the same gradient."""


@dataclass(frozen=True)
class EvalConfig:
    """Evaluation: on the split `dev` during training, on the test splits at the end."""

    problems: int = 500
    """Problems per test split in the final table."""
    samples: int = 8
    """Sampled answers per problem; also the k of pass@k and majority@k."""
    dev_problems: int = 128
    """Problems of the split dev that are solved greedily for the training curves."""
    probes: int = 10
    """How many times per stage the model is measured on dev."""
    max_new_tokens: int = 40
    """Longest answer, in tokens."""
    science_tokens: int = 96
    """Longest answer to a science question, in tokens."""
    forgetting: bool = False
    """With --base-model: whether RL's probes and the report say what the model has forgotten: perplexity of ordinary
    text, 50 general questions, the capital of France in chat."""
    target: float = 0.0
    """With --evaluation.forgetting: the greedy accuracy to reach, from 0 to 1; the report says whether it was."""


@dataclass(frozen=True)
class AdapterConfig:
    """LoRA: fine-tuning and RL train small matrices beside the model's own, which stay as they are."""

    rank: int = 0
    """How narrow the small matrices are, such as 8; 0: no LoRA, all weights learn."""
    alpha: float = 16.0
    """What the small matrices add is multiplied by alpha / rank."""
    matrices: tuple[str, ...] | None = None
    """The matrices that get some, by their published names, such as q_proj v_proj; by default all of every block."""


@dataclass(frozen=True)
class RLStageConfig(OptimizerConfig, PPOConfig):
    """Stage 3, reinforcement learning (RL): the reward is 1 for a correct final answer and 0 otherwise. Every step
    takes new problems."""

    task: str = ""
    """The task whose problems RL learns from, where it is another one than --task."""
    learning_rate: float = 1e-3
    final_share: float = 0.1
    warmup: int = 10
    beta2: float = 0.99
    weight_decay: float = 0.0
    prompts: int = 64
    samples: int = 4
    steps: int = 350
    """Number of steps; each samples a batch of episodes and then makes --rl.updates updates of the weights."""
    reward: Literal["answer", "reasoning", "model"] = "answer"
    """What is paid: "answer" 1 for a right answer; "reasoning" 1 for a right answer whose equations are all true and
    lead to it; "model" what a reward model says, which learns before RL from pairs of the model's own answers."""
    pair_problems: int = 1500
    """With the reward "model": problems whose answers make pairs, each answered --rl.samples times."""
    reward_epochs: int = 2
    """With the reward "model": how many times the reward model reads the pairs."""
    reward_learning_rate: float = 1e-3
    """With the reward "model": its peak learning rate."""
    missing_end: float = 1.0
    """With the reward "model": what an answer that was cut off loses, in standard deviations of the reward."""
    rehearsal: int = 12
    """Demonstrations of SFT mixed into every update, so that they are not forgotten; 0: none."""
    rehearsal_texts: int = 30
    """New documents of pretraining's kinds mixed into every update, for what neither reward nor demonstrations ask
    for."""
    rehearsal_weight: float = 1.0
    """Weight of the rehearsed texts' mean loss per token, beside the loss of the episodes."""
    own_answers: int = 0
    """Answers to general questions mixed into every update, which the model itself gave before RL; 0: none."""
    own_pool: int = 128
    """How many such answers are written before the first step, with --rl.own-answers; they come again and again."""
    own_tokens: int = 24
    """Longest of these answers, in tokens."""
    own_sharpening: float = 0.1
    """Rehearsal of own answers pulls the policy to what it was before RL, with this share more on its likeliest token;
    0: exactly to what it was."""


@dataclass(frozen=True)
class DilocoConfig:
    """DiLoCo, for slow networks: in pretraining each of the --shards is a worker that trains by itself, and all of them
    meet now and then."""

    inner_steps: int = 0
    """Updates that each worker makes by itself before the workers meet; 0: no DiLoCo, they meet in every update."""
    learning_rate: float = 0.9
    """Learning rate of the outer optimizer, which moves the model by what the workers found, on average."""
    momentum: float = 0.4
    """Nesterov's momentum of the outer optimizer. The paper has 0.7 and 0.9, for longer runs than these."""


@dataclass(frozen=True)
class TrainConfig:
    """All settings of a run."""

    name: str = "roger"
    """Name of the run. Its folder is <runs>/<name>, or <name>-2, <name>-3, ... if that exists."""
    runs: str = "runs"
    """Folder that holds all runs."""
    seed: int = 0
    """Seed of every random number in the run; 0 or more."""
    task: str = "word_problems"
    """The task that SFT and RL teach, such as word_problems, arithmetic, countdown or gsm8k; or your own: my.jsonl, or
    module:Class. Several make a mixture, with weights: gsm8k:2,strategyqa,my.jsonl."""
    tools: tuple[str, ...] | None = None
    """Tools that the model may call, such as calculator. Default: those of the task; --tools alone: none."""
    form: Literal["reasoning", "direct", "few_shot", "chat"] = "reasoning"
    """How problems are asked in RL and evaluation; chat: in the model's own chat format, for --base-model."""
    shots: int = 0
    """Worked examples in front of each problem, with the forms few_shot and chat."""
    science: Literal["task", "off"] = "task"
    """Whether SFT teaches the science questions too, and the final table asks them: as the task says, or "off"."""
    corpus: str = ""
    """Folder of a corpus that `python -m minirl.data prepare` made: pretraining reads it, instead of generated text."""
    corpus_sha256: str = ""
    """SHA-256 of the corpus's manifest. It is filled in when a run begins, which goes on with the same corpus only."""
    precision: Literal["float32", "tf32", "bfloat16"] = "float32"
    """Precision of matrix products. bfloat16 rounds their inputs; it is faster on processors that support it. tf32 is
    for GPUs alone."""
    recompute: bool = False
    """Whether each block's inner values are computed again in the backward pass, instead of kept (gradient
    checkpointing): several times less memory, about a third more work, the same bits."""
    shards: int = 1
    """Into how many shards each batch is cut, a power of two: the most ranks that can share an update under mpiexec.
    Another number gives other bits; the number of ranks does not. See docs/scaling.md."""
    last_stage: Literal["pretrain", "sft", "rl"] = "rl"
    """Last stage to run; later stages are also omitted from table and report."""
    checkpoint_seconds: float = 60.0
    """Seconds between two checkpoints within a stage."""
    model: ModelConfig = field(default_factory=ModelConfig)
    pretrain: PretrainConfig = field(default_factory=PretrainConfig)
    diloco: DilocoConfig = field(default_factory=DilocoConfig)
    sft: SFTConfig = field(default_factory=SFTConfig)
    lora: AdapterConfig = field(default_factory=AdapterConfig)
    rl: RLStageConfig = field(default_factory=RLStageConfig)
    evaluation: EvalConfig = field(default_factory=EvalConfig)


def settings(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Each setting of to_json(config) by its flag: ("--sft.learning-rate", 0.002)."""
    for name, value in config.items():
        if isinstance(value, Mapping):
            yield from settings(value, f"{prefix}{name}.")
        else:
            yield f"--{prefix}{name}".replace("_", "-"), value


def to_json(config: Any) -> dict[str, Any]:
    """A configuration as nested dicts, for config.json."""
    result: dict[str, Any] = dataclasses.asdict(config)
    return result


def from_json(kind: type[T], data: Mapping[str, Any], place: str = "") -> T:
    """The configuration that to_json wrote. A setting that is missing has its default.

    Raises ValueError for a setting that this version of minirl lacks, and for a value of another type than expected.
    """
    hints = get_type_hints(kind)
    unknown = sorted(set(data) - set(hints))
    if unknown:
        raise ValueError(f"{kind.__name__}: this version of minirl knows no setting {printable(', '.join(unknown))}")
    values: dict[str, Any] = {}
    for name, value in data.items():
        hint, below = hints[name], f"{place}{name}"
        if dataclasses.is_dataclass(hint):
            assert isinstance(hint, type)
            values[name] = from_json(hint, checked(dict, value, below), f"{below}.")
        else:
            read = checked(hint, value, below)
            values[name] = tuple(read) if isinstance(read, list) else read
    return kind(**values)
