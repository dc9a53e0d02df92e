"""A stage: a model, an optimizer, and how to make one update. The loop (loop.py) is the same for all stages."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from minirl.autograd import Array
from minirl.data import Batch, Loader
from minirl.model import GPT
from minirl.muon import Muon
from minirl.optim import AdamW, decay_groups
from minirl.runs import OptimizerConfig
from minirl.schedule import warmup_cosine, warmup_stable_decay
from minirl.train.adapting import has_adapters, kept, take_up

Measures = dict[str, float]


class Stage(ABC):
    """One stage of training.

    name: "pretrain", "sft" or "rl". steps: its number of updates. headline: the measure beside the progress bar.
    """

    name: str
    headline: str

    def __init__(self, model: GPT, config: OptimizerConfig, steps: int) -> None:
        self.model, self.settings, self.steps = model.train(), config, steps
        self.optimizer = optimizer_of(model, config)

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
        """Make one update of the weights and return the measures to log, with the headline and "tokens" among them.

        Raises FloatingPointError, with the weights unchanged, where the loss or the gradient is not finite.
        """

    @abstractmethod
    def probe(self) -> Measures:
        """Measures on the split dev; they change nothing."""

    def remark(self, step: int, measures: Measures) -> str | None:
        """What a person should know of a probe's measures after `step` updates, if anything."""
        return None

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
    ) -> None:
        super().__init__(model, config, steps)
        self.loader, self.micro_rows, self.micro_tokens = loader, micro_rows, micro_tokens

    def update(self, step: int) -> Measures:
        batch = self.loader.next_batch()
        loss = accumulate_gradients(self.model, batch, self.micro_rows, self.micro_tokens)
        norm = self.optimizer.step(self.settings.max_norm)
        self.optimizer.zero_grad()  # the next stage must not begin with this gradient
        return {"loss": loss, "tokens": batch.tokens, "grad_norm": norm or 0.0}

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "cursor": self.loader.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        super().load_state_dict(state)
        self.loader.load_state_dict(state["cursor"])


def optimizer_of(model: GPT, config: OptimizerConfig) -> AdamW:
    """The stage's optimizer. Muon takes the matrices inside the blocks that learn, AdamW the rest or all."""
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
    total = 0.0
    for part in batch.normalised().split(micro_rows, micro_tokens):
        loss = model.loss(*part)
        value = float(loss.data)
        if not abs(value) < float("inf"):
            raise FloatingPointError(f"the loss is {value}")
        loss.backward()
        total += value
    return total
