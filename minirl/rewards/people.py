"""A reward model from people's preferences, beside judges that understand nothing."""

from functools import cache
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from minirl.model import GPT
from minirl.preferences import Pair, accuracy, grouped_split, length, llmbar, pandalm, read_pairs, surface_judge
from minirl.rewards.samples import markdown, percent
from minirl.rl.bradley_terry import FitConfig, contests, fit_preferences
from minirl.rl.reward_model import RewardModel
from minirl.runs import Screen
from minirl.tokenizer import Tokenizer


def people(
    model: Annotated[Path | None, tyro.conf.Positional] = None,
    pairs: Path | None = None,
    out: Path | None = None,
    epochs: int = 1,
    learning_rate: float = 1e-5,
    batch_tokens: int = 2048,
    held_out: float = 0.3,
    seeds: int = 3,
) -> None:
    """Train a reward model on PandaLM's labels, split by instruction, and test it on the rest and on LLMBar; without a
    model, measure the simple judges alone.

    Args:
        model: Folder of a model (Hugging Face's layout), such as SmolLM2-135M or runs/roger/sft.
        pairs: Your own pairs in place of PandaLM's, a JSONL file as `python -m minirl.prefer` writes it.
        out: Save the reward model of the last seed in this folder.
        epochs: How often it reads the pairs.
        learning_rate: Peak learning rate.
        batch_tokens: Tokens of an update.
        held_out: The share of the instructions that are held out.
        seeds: How many splits; the table has the mean and the range.
    """
    screen = Screen()
    given = pandalm() if pairs is None else read_pairs(pairs)
    other = llmbar() if pairs is None else []
    found: dict[str, list[list[float]]] = {}
    for seed in range(seeds):
        known, held = grouped_split(given, held_out, seed)
        tests = [held, other] if other else [held]
        judges = {"the longer answer": length, "surface features": surface_judge(known)}
        if model is not None:
            tokenizer = Tokenizer.load(model / "tokenizer.json")
            judge = RewardModel(GPT.from_pretrained(model), tokenizer, seed)
            tests = [fitting(judge, test) for test in tests]
            screen.say(f"seed {seed}: {len(known)} pairs to learn from, {[len(test) for test in tests]} to test")
            fit_preferences(judge, known, FitConfig(epochs, learning_rate, batch_tokens=batch_tokens, seed=seed))
            judges["the reward model"] = cache(judge.one)  # an answer stands in several pairs
            if out is not None:
                judge.save(out)
        for name, score in judges.items():
            found.setdefault(name, []).append([accuracy(score, test) for test in tests])
    header = ["judge", "held-out prompts, %", *(["LLMBar, %"] if other else [])]
    print(markdown(f"\n{len(given)} pairs, {seeds} splits by prompt: mean (range)", header,
                   [[name, *map(spread, np.array(values).T)] for name, values in found.items()]))  # fmt: skip


def fitting(judge: RewardModel, pairs: list[Pair]) -> list[Pair]:
    """The pairs that fit into the judge's context: all judges are tested on the same ones."""
    return [pair for pair in pairs if contests(judge, [pair])]


def spread(values: np.ndarray) -> str:
    """The mean of several accuracies, and their range."""
    return f"{percent(values.mean())} ({percent(values.min())} to {percent(values.max())})"
