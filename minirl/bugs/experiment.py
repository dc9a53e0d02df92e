"""The patient: a model with 20,000 parameters that learns sums, first by fine-tuning, then by REINFORCE, in seconds.

It uses the same functions as `python -m minirl.train`, and takes every measure that can reveal a silent bug. The sum is
the first word of an answer and one token, so the first action decides:

    Q: seven + eight?
    Reasoning: fifteen is ten and five.
    Answer: 15<|end|>
"""

from typing import NamedTuple

import numpy as np

from minirl.autograd import Array
from minirl.data import Batch, make_batches
from minirl.model import GPT, GPTConfig
from minirl.optim import AdamW
from minirl.rl import Episode, RLConfig, rollout
from minirl.rl.batch import make_batch
from minirl.rl.loss import action_log_probs
from minirl.rl.measures import measures
from minirl.rl.reinforce import reinforce
from minirl.streams import stream
from minirl.tasks import Problem, Task
from minirl.tasks.checker import NumberChecker
from minirl.tokenizer import Tokenizer
from minirl.train.sft import solved
from minirl.train.stage import accumulate_gradients

Curve = list[float]

SFT_STEPS, ROWS, MICRO_ROWS = 70, 24, 12
RL_STEPS, PROMPTS, SAMPLES = 60, 16, 8
TEMPERATURE, MOST = 0.7, 16


class Measure(NamedTuple):
    """What one measure says, and what it takes to get it."""

    meaning: str
    healthy: str
    """Its value in a healthy run, in words."""
    stage: str
    """What must have run before it can be taken, a key of STAGES."""
    reading: str = "mean"
    """How a curve becomes one number: the mean of its values ("mean"), of the last ten ("end"), or the first
    ("start")."""


STAGES = ("data", "SFT", "samples", "RL")  # in the order in which they run

MEASURES = {
    "SFT loss": Measure("training loss, in nats per token", "falls, but not to 0", "SFT", "end"),
    "trained on": Measure("tokens per demonstration with a loss weight", "the tokens of the completion", "data"),
    "parts gap": Measure("relative difference of a gradient in parts and in one piece", "0", "SFT"),
    "pass@1": Measure("share of correct samples, after SFT", "above 0", "samples"),
    "finished": Measure("share of samples that end by themselves", "nearly 1", "samples"),
    "answer tokens": Measure(f"mean length of a sample, of {MOST} allowed", "as in the demonstrations", "samples"),
    "first tokens": Measure(f"different first tokens among {SAMPLES} samples of a prompt", "several", "samples"),
    "log pi gap": Measure("mean difference of log pi in rollout and training, in nats", "0", "samples"),
    "log pi gap at 1": Measure("the same at temperature 1", "0", "samples"),
    "reward": Measure("mean reward of each RL step", "rises", "RL", "end"),
    "informative": Measure("share of prompts with both right and wrong samples", "above 0", "RL"),
    "entropy": Measure("entropy of the policy, in nats per token", "above 0", "RL"),
    "gradient norm": Measure("norm of the gradient of each RL step", "seldom 0", "RL"),
    "KL to start": Measure("KL from the policy before RL, in nats per token", "begins at 0, rises", "RL", "start"),
}


def reading(name: str, curve: Curve) -> float:
    """A measure as one number, as MEASURES[name].reading says."""
    how = MEASURES[name].reading
    return float(curve[0] if how == "start" else np.mean(curve[-10:] if how == "end" else curve))


NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
WORDS = NUMBERS.split()


def addition(a: int, b: int) -> Problem:
    """The problem a + b, in words."""
    total, tens = a + b, f" is ten and {WORDS[a + b - 10]}" if a + b >= 10 else ""
    return Problem(f"{WORDS[a]} + {WORDS[b]}?", f"{WORDS[total]}{tens}.", str(total), key=f"{a} + {b}")


EVERY = [addition(a, b) for a in range(3, 9) for b in range(3, 9)]


class Sums(Task):
    """a + b for a and b from 3 to 8, the same in every split: the experiment tests the machinery, not the model."""

    name = "sums"
    checker = NumberChecker()

    def problems(self, split: str, n: int, seed: int = 0) -> list[Problem]:
        self.require_split(split)
        return [EVERY[i] for i in stream(seed, split).integers(0, len(EVERY), n)]


def experiment(seed: int = 0) -> dict[str, Curve]:
    """Fine-tune, look, reinforce. Returns the MEASURES, each a curve or a single number; a seed fixes them all."""
    patient = Patient(seed)
    return {name: patient.measure(name) for name in MEASURES}


class Patient:
    """A model that is trained as far as the measures need it: each stage runs when one of its measures is asked for."""

    def __init__(self, seed: int = 0) -> None:
        self.seed, self.task = seed, Sums()
        self._found: dict[str, dict[str, Curve]] = {}

    def measure(self, name: str) -> Curve:
        """A measure by its name. Raises KeyError for one that MEASURES does not have."""
        stages = {"data": self._data, "SFT": self._fine_tuned, "samples": self._sampled, "RL": self._learned}
        stage = MEASURES[name].stage
        for earlier in STAGES[: STAGES.index(stage) + 1]:
            if earlier not in self._found:
                self._found[earlier] = stages[earlier]()
        return self._found[stage][name]

    def _data(self) -> dict[str, Curve]:
        self.tokenizer = Tokenizer.train([p.prompt + p.completion for p in EVERY], 332)
        shown = self.task.problems("train", 200, self.seed)
        self.batches = make_batches(solved(self.tokenizer, shown), stream(self.seed, "batches"), size=ROWS)
        weights, starts = self.batches[0].weights, self.batches[0].starts
        return {"trained on": [float(np.count_nonzero(weights) / (len(starts) - 1))]}

    def _fine_tuned(self) -> dict[str, Curve]:
        size = self.tokenizer.vocab_size
        config = GPTConfig.llama(vocab_size=size, context_length=32, n_layer=1, n_head=2, d_model=32)
        self.model = GPT(config, seed=self.seed)
        return fine_tune(self.model, self.batches)

    def _sampled(self) -> dict[str, Curve]:
        asked = self.task.problems("dev", 32, self.seed)

        def answers(n: int, temperature: float) -> list[Episode]:
            return rollout(self.model, self.tokenizer, self.task, asked, n, temperature=temperature,
                           max_new_tokens=MOST)  # fmt: skip

        found = look(self.model, answers(SAMPLES, TEMPERATURE))
        return {**found, "log pi gap at 1": [log_pi_gap(self.model, answers(1, 1.0), 1.0)]}

    def _learned(self) -> dict[str, Curve]:
        return learn(self.model, self.tokenizer, self.task, self.seed)


def fine_tune(model: GPT, batches: list[Batch]) -> dict[str, Curve]:
    """SFT, as in train/sft.py; and how much the first batch's gradient depends on how it is cut."""
    optimizer = AdamW(model.parameters(), lr=1e-2, weight_decay=0)
    losses = []
    for step in range(SFT_STEPS):
        losses.append(accumulate_gradients(model, batches[step % len(batches)], MICRO_ROWS))
        optimizer.step(max_norm=1.0)
        optimizer.zero_grad()
    whole, parts = (gradient(model, batches[0], rows) for rows in (ROWS, MICRO_ROWS))
    return {"SFT loss": losses, "parts gap": [float(np.linalg.norm(parts - whole) / np.linalg.norm(whole))]}


def gradient(model: GPT, batch: Batch, micro_rows: int) -> Array:
    """The gradient of a batch as one vector, computed in parts of `micro_rows` documents."""
    accumulate_gradients(model, batch, micro_rows)
    flat = np.concatenate([p.grad.ravel() for p in model.parameters() if p.grad is not None])
    model.zero_grad()
    return flat


def look(model: GPT, episodes: list[Episode]) -> dict[str, Curve]:
    """The measures of samples before reinforcement learning begins."""
    seen = measures(episodes, SAMPLES)
    first = np.array([e.actions[0] for e in episodes]).reshape(-1, SAMPLES)
    return {
        "pass@1": [seen["reward"]],
        "finished": [seen["finished"]],
        "answer tokens": [seen["answer_tokens"]],
        "first tokens": [float(np.mean([len(set(group)) for group in first.tolist()]))],
        "log pi gap": [log_pi_gap(model, episodes, TEMPERATURE)],
    }


def log_pi_gap(model: GPT, episodes: list[Episode], temperature: float) -> float:
    """Mean over all actions of |log pi in the training forward - log pi recorded by the rollout|."""
    batch = make_batch(episodes, np.ones(len(episodes)))
    gap = np.abs(action_log_probs(model, batch, temperature) - batch.log_probs)
    return float(gap.sum() / sum(len(e.actions) for e in episodes))


def learn(model: GPT, tokenizer: Tokenizer, task: Task, seed: int) -> dict[str, Curve]:
    """REINFORCE, as in train/rl.py."""
    start = GPT(model.config)
    start.load_state_dict(model.state_dict())
    optimizer = AdamW(model.parameters(), lr=1e-3, weight_decay=0)
    config = RLConfig(prompts=PROMPTS, samples=SAMPLES, temperature=TEMPERATURE, max_new_tokens=MOST)
    steps = [
        reinforce(
            model, optimizer, tokenizer, task, task.batch(step, PROMPTS, seed), config, seed=(seed, step),
            reference=start,
        )[1]
        for step in range(RL_STEPS)
    ]  # fmt: skip
    named = {"gradient norm": "grad_norm", "KL to start": "kl_to_start"}
    curves = ("reward", "informative", "entropy", "gradient norm", "KL to start")
    return {name: [step[named.get(name, name)] for step in steps] for name in curves}
