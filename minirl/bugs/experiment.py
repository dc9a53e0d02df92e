"""The patient: a model with 20,000 parameters that learns sums, first by fine-tuning, then by REINFORCE, in seconds.

It uses the same functions as `python -m minirl.train`, and takes every measure that can reveal a silent bug. The sum is
the first word of an answer and one token, so the first action decides:

    Q: seven + eight?
    Reasoning: fifteen is ten and five.
    Answer: 15<|end|>
"""

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


MEASURES = {  # what each is, and its value in a healthy run
    "SFT loss": ("training loss, in nats per token", "falls, but not to 0"),
    "trained on": ("tokens per demonstration with a loss weight", "the tokens of the completion"),
    "parts gap": ("relative difference of a gradient in parts and in one piece", "0"),
    "pass@1": ("share of correct samples, after SFT", "above 0"),
    "finished": ("share of samples that end by themselves", "nearly 1"),
    "answer tokens": (f"mean length of a sample, of {MOST} allowed", "as in the demonstrations"),
    "first tokens": (f"different first tokens among {SAMPLES} samples of a prompt", "several"),
    "log pi gap": ("mean difference of log pi in rollout and training, in nats", "0"),
    "log pi gap at 1": ("the same at temperature 1", "0"),
    "reward": ("mean reward of each RL step", "rises"),
    "informative": ("share of prompts with both right and wrong samples", "above 0"),
    "entropy": ("entropy of the policy, in nats per token", "above 0"),
    "gradient norm": ("norm of the gradient of each RL step", "seldom 0"),
    "KL to start": ("KL from the policy before RL, in nats per token", "begins at 0, rises"),
}


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
    task = Sums()
    shown = task.problems("train", 200, seed)
    tokenizer = Tokenizer.train([p.prompt + p.completion for p in EVERY], 332)
    config = GPTConfig.llama(vocab_size=tokenizer.vocab_size, context_length=32, n_layer=1, n_head=2, d_model=32)
    model = GPT(config, seed=seed)
    found = fine_tune(model, make_batches(solved(tokenizer, shown), stream(seed, "batches"), size=ROWS))
    asked = task.problems("dev", 32, seed)
    found |= look(model, rollout(model, tokenizer, task, asked, SAMPLES, temperature=TEMPERATURE, max_new_tokens=MOST))
    plain = rollout(model, tokenizer, task, asked, 1, max_new_tokens=MOST)
    found["log pi gap at 1"] = [log_pi_gap(model, plain, 1.0)]
    found |= learn(model, tokenizer, task, seed)
    return {name: found[name] for name in MEASURES}


def fine_tune(model: GPT, batches: list[Batch]) -> dict[str, Curve]:
    """SFT, as in train/sft.py; and how much the last batch's gradient depends on how it is cut."""
    optimizer = AdamW(model.parameters(), lr=1e-2, weight_decay=0)
    losses = []
    for step in range(SFT_STEPS):
        losses.append(accumulate_gradients(model, batches[step % len(batches)], MICRO_ROWS))
        optimizer.step(max_norm=1.0)
        optimizer.zero_grad()
    whole, parts = (gradient(model, batches[0], rows) for rows in (ROWS, MICRO_ROWS))
    return {
        "SFT loss": losses,
        "trained on": [float(np.count_nonzero(batches[0].weights) / (len(batches[0].starts) - 1))],
        "parts gap": [float(np.linalg.norm(parts - whole) / np.linalg.norm(whole))],
    }


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
