"""What a stage is: a model, an optimizer, and how to make one update. The loop (loop.py) does the rest for all."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from minirl.data import Batch, Loader
from minirl.model import GPT
from minirl.optim import AdamW, decay_groups
from minirl.runs import OptimizerConfig
from minirl.schedule import warmup_cosine

Measures = dict[str, float]


class Stage(ABC):
    """One part of the training story.

    name: "pretrain", "sft" or "rl". steps: how many updates it has. headline: the measure beside the progress bar.
    """

    name: str
    headline: str

    def __init__(self, model: GPT, config: OptimizerConfig, steps: int) -> None:
        self.model, self.settings, self.steps = model, config, steps
        self.optimizer = AdamW(
            decay_groups(model, config.weight_decay), lr=config.learning_rate, betas=(config.beta1, config.beta2)
        )

    def learning_rate(self, step: int) -> float:
        """The learning rate of an update, counted from 0."""
        settings = self.settings
        return warmup_cosine(
            step,
            peak=settings.learning_rate,
            warmup=min(settings.warmup, self.steps),
            total=self.steps,
            final=settings.final_share * settings.learning_rate,
        )

    @abstractmethod
    def update(self, step: int) -> Measures:
        """Make one update of the weights and return what to log: the headline, and "tokens" (for tokens/s).

        Raises FloatingPointError, with the weights unchanged, where the loss or the gradient is not finite.
        """

    @abstractmethod
    def probe(self) -> Measures:
        """Measures on dev, taken now and then; they change nothing."""

    def state_dict(self) -> dict[str, Any]:
        """What the stage must remember besides weights, optimizer and step."""
        return {"dropout": self.model.dropout.generator.bit_generator.state}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what state_dict gave."""
        self.model.dropout.generator.bit_generator.state = state["dropout"]


class SupervisedStage(Stage):
    """Pretraining and supervised fine-tuning: batches from a loader, loss = -sum_t w_t log pi(a_t | s_t).

    The two differ in their batches alone: in pretraining (nearly) every token has a weight, in fine-tuning the tokens
    of the completion have one and those of the prompt have none.
    """

    headline = "loss"

    def __init__(self, model: GPT, config: OptimizerConfig, steps: int, loader: Loader, micro_rows: int) -> None:
        super().__init__(model, config, steps)
        self.loader, self.micro_rows = loader, micro_rows

    def update(self, step: int) -> Measures:
        batch = self.loader.next_batch()
        loss = accumulate_gradients(self.model, batch, self.micro_rows)
        norm = self.optimizer.step(self.settings.max_norm)
        self.optimizer.zero_grad()  # the next update may be another stage's, which must not begin with this gradient
        return {"loss": loss, "tokens": batch.tokens, "grad_norm": norm or 0.0}

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "cursor": self.loader.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        super().load_state_dict(state)
        self.loader.load_state_dict(state["cursor"])


def accumulate_gradients(model: GPT, batch: Batch, micro_rows: int) -> float:
    """Add the gradient of the batch's weighted mean loss to the parameters, `micro_rows` documents at a time.

    The weights are divided by their sum over the whole batch before it is cut, so the parts' gradients sum to the
    gradient of the uncut batch, also where the parts hold unequal numbers of targets. Returns the loss.
    Raises FloatingPointError where it is not finite.
    """
    total = 0.0
    for part in batch.normalised().split(micro_rows):
        loss = model.loss(*part)
        value = float(loss.data)
        if not abs(value) < float("inf"):
            raise FloatingPointError(f"the loss is {value}")
        loss.backward()
        total += value
    return total
