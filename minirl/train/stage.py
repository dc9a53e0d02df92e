"""A stage: a model, an optimizer, and how to make one update. The loop (loop.py) is the same for all stages."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from minirl.autograd import Array
from minirl.data import Batch, Loader
from minirl.model import GPT
from minirl.muon import Muon
from minirl.optim import AdamW, decay_groups
from minirl.parallel import Diloco, Outer, Pass, ShardedAdamW, Work
from minirl.runs import DilocoConfig, OptimizerConfig
from minirl.schedule import warmup_cosine, warmup_stable_decay
from minirl.train.adapting import has_adapters, kept, take_up

Measures = dict[str, float]


class Stage(ABC):
    """One stage of training.

    name: "pretrain", "sft" or "rl". steps: its number of updates. stride: how many of them `update` makes. headline:
    the measure beside the progress bar.
    """

    name: str
    headline: str

    def __init__(
        self, model: GPT, config: OptimizerConfig, steps: int, shards: int = 1, diloco: DilocoConfig | None = None
    ) -> None:
        """shards: into how many each batch is cut; see minirl/parallel. diloco: whether they are its workers."""
        self.model, self.settings, self.steps = model.train(), config, steps
        self.optimizer = optimizer_of(model, config, shards, diloco)
        self.stride = diloco.inner_steps if diloco is not None and diloco.inner_steps else 1

    def close(self) -> None:
        """Let the ranks forget the model, which this stage will not train any more."""
        if isinstance(self.optimizer, ShardedAdamW):
            self.optimizer.close()

    def learning_rate(self, step: int) -> float:
        """The learning rate of an update, counted from 0."""
        settings = self.settings
        peak, warmup = settings.learning_rate, min(settings.warmup, self.steps)
        final = settings.final_share * peak
        if settings.schedule == "cosine":
            return warmup_cosine(step, peak=peak, warmup=warmup, total=self.steps, final=final)
        decay = min(round(settings.decay_share * self.steps), self.steps - warmup)
        return warmup_stable_decay(step, peak=peak, warmup=warmup, total=self.steps, decay=decay, final=final)

    @abstractmethod
    def update(self, step: int) -> Measures:
        """Make the next `stride` updates of the weights, or those that are left, and return the measures to log, with
        the headline and "tokens" among them.

        Raises FloatingPointError, with the weights unchanged, where the loss or the gradient is not finite.
        """

    @abstractmethod
    def probe(self) -> Measures:
        """Measures on the split dev; they change nothing."""

    def remark(self, step: int, measures: Measures) -> str | None:
        """What a person should know of a probe's measures after `step` updates, if anything."""
        return None

    def most_tokens(self) -> float | None:
        """Tokens a second that this machine's multiply-adds allow, where a stage is long enough to measure them."""
        return None

    def samples(self, step: int) -> list[dict[str, Any]]:
        """What the model writes after `step` updates, for the screen and samples.jsonl: "title", "prompt" and
        "completion" each."""
        return []

    def arrays(self) -> dict[str, Array]:
        """What a checkpoint holds in arrays besides the model's weights: the optimizer's, and the adapters."""
        return self.optimizer.state_dict() | kept(self.model)

    def load_arrays(self, arrays: Mapping[str, Array]) -> None:
        """Continue from what `arrays` returned. Raises ValueError where names or shapes do not fit."""
        self.optimizer.load_state_dict(take_up(self.model, arrays))

    def load_weights(self, saved: Mapping[str, Array]) -> None:
        """Continue from the weights of a checkpoint. With adapters these are merged, and `arrays` holds what is needed:
        the matrices beside them never change."""
        if not has_adapters(self.model):
            self.model.load_state_dict(saved)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint holds besides arrays and step."""
        return {"dropout": self.model.dropout.generator.bit_generator.state}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from what state_dict returned."""
        self.model.dropout.generator.bit_generator.state = state["dropout"]


class SupervisedStage(Stage):
    """Pretraining and supervised fine-tuning: batches from a loader, loss = -sum_t w_t log pi(a_t | s_t).

    They differ only in their batches: in pretraining (nearly) every token has a weight, in fine-tuning only the tokens
    of the completion have one.
    """

    headline = "loss"

    def __init__(
        self,
        model: GPT,
        config: OptimizerConfig,
        steps: int,
        loader: Loader,
        micro_rows: int,
        micro_tokens: int | None = None,
        shards: int = 1,
        diloco: DilocoConfig | None = None,
    ) -> None:
        super().__init__(model, config, steps, shards, diloco)
        self.loader, self.micro_rows, self.micro_tokens = loader, micro_rows, micro_tokens

    def update(self, step: int) -> Measures:
        if isinstance(self.optimizer, Diloco):
            return self.round(self.optimizer, step)
        batch = self.loader.next_batch()
        if isinstance(self.optimizer, ShardedAdamW):
            found = self.optimizer.gradients(self.work(batch.normalised().shares(self.optimizer.shards)))
            loss = finite(sum(value for values in found for value in values))
        else:
            loss = accumulate_gradients(self.model, batch, self.micro_rows, self.micro_tokens)
        norm = self.optimizer.step(self.settings.max_norm)
        self.optimizer.zero_grad()  # the next stage must not begin with this gradient
        return {"loss": loss, "tokens": batch.tokens, "grad_norm": norm or 0.0}

    def round(self, optimizer: Diloco, step: int) -> Measures:
        """The updates up to the next time that the workers meet. Each worker's loss is the mean of its own share."""
        count = min(self.stride, self.steps - step)
        batches = [self.loader.next_batch().shares(optimizer.shards) for _ in range(count)]
        rates = [self.learning_rate(step + i) for i in range(count)]
        told = optimizer.round(
            [self.work([share.normalised() for share in shares]) for shares in batches], rates, self.settings.max_norm
        )
        sizes = [[float(share.weights.sum(dtype="float64")) for share in shares] for shares in batches]
        weighed = [
            (sum(update.found), update.norm, size)
            for updates, of_step in zip(told, sizes, strict=True)
            for update, size in zip(updates, of_step, strict=True)
        ]
        return {
            "loss": sum(loss * size for loss, _, size in weighed) / max(sum(size for *_, size in weighed), 1e-9),
            "tokens": sum(share.tokens for shares in batches for share in shares),
            "grad_norm": sum(norm for _, norm, _ in weighed) / len(weighed),
        }

    def work(self, shares: Sequence[Batch]) -> Work:
        """The passes of each shard."""
        return [
            [Pass(add_part, (part,), part.tokens) for part in share.split(self.micro_rows, self.micro_tokens)]
            for share in shares
        ]

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "cursor": self.loader.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        super().load_state_dict(state)
        self.loader.load_state_dict(state["cursor"])


def optimizer_of(model: GPT, config: OptimizerConfig, shards: int = 1, diloco: DilocoConfig | None = None) -> AdamW:
    """The stage's optimizer. Muon takes the matrices inside the blocks that learn, AdamW the rest or all. Shards have
    AdamW alone, of which ranks can keep a part."""
    if diloco is not None and diloco.inner_steps:
        outer = Outer(diloco.learning_rate, diloco.momentum)
        return Diloco(model, config.weight_decay, config.learning_rate, (config.beta1, config.beta2), shards, outer)
    if shards > 1:
        return ShardedAdamW(model, config.weight_decay, config.learning_rate, (config.beta1, config.beta2), shards)
    groups = decay_groups(model, config.weight_decay)
    lr, betas = config.learning_rate, (config.beta1, config.beta2)
    if config.optimizer == "adamw":
        return AdamW(groups, lr=lr, betas=betas)
    inside = {id(p) for name, p in model.named_parameters() if name.startswith("blocks.")}
    matrices = [p for p in groups[0]["params"] if id(p) in inside]
    groups[0]["params"] = [p for p in groups[0]["params"] if id(p) not in inside]
    return Muon(matrices, groups, lr=lr, betas=betas, weight_decay=config.weight_decay)


def accumulate_gradients(model: GPT, batch: Batch, micro_rows: int, micro_tokens: int | None = None) -> float:
    """Add the gradient of the batch's weighted mean loss to the parameters, at most `micro_rows` documents and
    `micro_tokens` tokens at a time.

    The weights are divided by their sum over the whole batch before the batch is split. So the gradients of the parts
    add up to the gradient of the whole batch, even if the parts hold different numbers of targets. Returns the loss.
    Raises FloatingPointError where it is not finite.
    """
    return sum(finite(add_part(model, part)) for part in batch.normalised().split(micro_rows, micro_tokens))


def add_part(model: GPT, part: Batch) -> float:
    """Add the gradient of a part of a batch, unless its loss is not finite; return the loss."""
    loss = model.loss(*part)
    value = float(loss.data)
    if abs(value) < float("inf"):
        loss.backward()
    return value


def finite(loss: float) -> float:
    """The loss. Raises FloatingPointError where it is not finite."""
    if not abs(loss) < float("inf"):
        raise FloatingPointError(f"the loss is {loss}")
    return loss
