"""The steps of `python -m minirl.train` against the same recipe in PyTorch: python -m minirl.bench recipe

Three steps are timed, with the default preset's model, texts and settings: a pretraining update, the rollouts of a
reinforcement-learning step, and its update. PyTorch's side (torch_recipe.py, torch_generate.py) is a usual loop: rows
padded to the longest, batched sampling with a KV cache, the same measures. It is eager, because shapes change from
batch to batch. Both sides begin with the same weights, and must agree on the losses and on the generated text.
Fine-tuning is left out because it is a small part of a run. Making texts, checkpoints and evaluation are left out
because both sides would share them.

Reinforcement learning begins here with a model that was fine-tuned for a moment, so that its answers have the right
form. Which answers count as correct is drawn at random, so that as many episodes have a gradient as in a real run.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from minirl import flags
from minirl.bench import profile, report, runner, whole
from minirl.bench.case import torch
from minirl.bench.generate import forward_flops, least_work, uniforms
from minirl.bench.whole import Work
from minirl.data import Batch, Loader, encode_documents, make_batches
from minirl.generate import needed_end_tokens
from minirl.model import GPT, GPTConfig
from minirl.optim import AdamW, decay_groups
from minirl.rl.advantage import advantages
from minirl.rl.mdp import Episode, final_reward
from minirl.rl.reinforce import reinforce_step
from minirl.rl.rollout import rollout
from minirl.runs import PRESETS, OptimizerConfig, TrainConfig, task_of
from minirl.streams import stream, stream_seed
from minirl.tasks.corpus import pretraining_documents
from minirl.tokenizer import Tokenizer
from minirl.train.pretrain import PretrainStage, tokenizer_texts
from minirl.train.rehearsal import rehearsal
from minirl.train.sft import SFTStage

GROUPS = ("pretraining", "rollouts", "update")
BATCHES = 16  # pretraining updates in one call
FINE_TUNING = 120  # updates before the rollouts
SUCCESS = 0.3  # share of episodes that get a reward


@dataclass(frozen=True)
class Options(whole.Options):
    """Time the main job's steps against the same recipe in PyTorch."""


class Recipe:
    """What the steps need: tokenizer, batches, the model that RL begins with, its episodes."""

    def __init__(self, config: TrainConfig, batches: int, fine_tuning: int) -> None:
        self.config, self.fine_tuning, self.count = config, fine_tuning, batches
        self.task = task_of(config)
        self.seed = stream_seed(config.seed, "rollout", 0)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The preset's tokenizer, trained on its texts."""
        return Tokenizer.train(tokenizer_texts(self.config, self.task), self.config.model.vocab_size)

    @cached_property
    def batches(self) -> list[Batch]:
        """The first pretraining batches, all but full ones left out."""
        texts = pretraining_documents(self.task, 60 * self.count, stream_seed(self.config.seed, "documents", 0))
        documents = encode_documents(self.tokenizer, texts)
        rng = stream(self.config.seed, "batches", 0)
        return make_batches(documents, rng, tokens=self.config.pretrain.batch_tokens)[: self.count]

    def new_model(self) -> GPT:
        """A model with the weights that every contender begins with."""
        config = self.config
        return GPT(config.model.gpt(self.tokenizer.vocab_size), config.seed, config.model.init_std)

    @cached_property
    def start(self) -> GPT:
        """The policy that RL begins with."""
        model = self.new_model()
        stage = SFTStage(self.config, model, self.tokenizer, self.task)
        for step in range(self.fine_tuning):
            stage.update(step)
        return model

    def policy(self) -> GPT:
        """A copy of it, to be trained."""
        model = self.new_model()
        model.load_state_dict(self.start.state_dict())
        return model

    def rollout(self, model: GPT) -> list[Episode]:
        """The episodes of one step of reinforcement learning."""
        settings = self.config.rl
        return rollout(
            model, self.tokenizer, self.task, self.task.batch(0, settings.prompts, self.config.seed), settings.samples,
            temperature=settings.temperature, max_new_tokens=settings.max_new_tokens, seed=self.seed,
        )  # fmt: skip

    @cached_property
    def episodes(self) -> list[Episode]:
        """The first step's, with rewards by lot."""
        episodes = self.rollout(self.start)
        solved = np.random.default_rng(0).random(len(episodes)) < SUCCESS
        return [replace(episode, reward=float(hit)) for episode, hit in zip(episodes, solved, strict=True)]

    @cached_property
    def rehearsal(self) -> Batch:
        """What an update of reinforcement learning rehearses."""
        return rehearsal(self.config, self.task, self.tokenizer).next_batch()


def adamw(model: GPT, settings: OptimizerConfig) -> AdamW:
    """minirl's optimizer with the preset's settings."""
    betas = (settings.beta1, settings.beta2)
    return AdamW(decay_groups(model, settings.weight_decay), lr=settings.learning_rate, betas=betas)


def torch_model(model: GPT, settings: OptimizerConfig) -> tuple[Any, Any]:
    """PyTorch's model with these weights, and its optimizer."""
    from minirl.bench import torch_gpt

    theirs = torch_gpt.GPT.like(model)
    betas = (settings.beta1, settings.beta2)
    return theirs, torch_gpt.optimizer_for(theirs, settings.learning_rate, betas, settings.weight_decay)


# ---- pretraining ----


def pretraining(recipe: Recipe) -> Work:
    """minirl's pretraining update, ready to be timed."""
    settings = recipe.config.pretrain

    def minirl() -> Callable[[], Any]:
        stage = PretrainStage(recipe.config, recipe.new_model(), recipe.tokenizer, recipe.task)
        stage.loader = Loader(lambda number: recipe.batches)
        return lambda: [stage.update(step)["loss"] for step in range(len(recipe.batches))]

    def theirs() -> Callable[[], Any]:
        from minirl.bench import torch_recipe

        model, optimizer = torch_model(recipe.new_model(), settings)
        batches = [torch_recipe.pad_documents(batch.normalised()) for batch in recipe.batches]
        return lambda: [torch_recipe.supervised_step(model, optimizer, rows) for rows in batches]

    config = recipe.new_model().config
    tokens = sum(batch.tokens for batch in recipe.batches)
    flops = sum(training_flops(config, batch) for batch in recipe.batches)
    name = f"{len(recipe.batches)} pretraining updates of {settings.batch_tokens} tokens at most"
    return Work("pretraining", name, tokens, flops, 0.0, contenders(minirl, theirs))


# ---- reinforcement learning ----


def rollouts(recipe: Recipe) -> Work:
    """minirl's rollouts of one step, ready to be timed."""
    settings, end = recipe.config.rl, needed_end_tokens(recipe.tokenizer)[0]

    def minirl() -> Callable[[], Any]:
        return lambda: written(recipe.rollout(recipe.start), settings.max_new_tokens)

    def theirs() -> Callable[[], Any]:
        from minirl.bench import torch_generate, torch_gpt

        model = torch_gpt.GPT.like(recipe.start)
        new, samples = settings.max_new_tokens, settings.samples
        numbers = uniforms(recipe.seed, settings.prompts, samples, new)
        problems = recipe.task.batch(0, settings.prompts, recipe.config.seed)

        def call() -> np.ndarray:  # texts and rewards are part of a rollout
            prompts = [recipe.tokenizer.encode_array(problem.prompt) for problem in problems]
            ids, _ = torch_generate.complete(model, prompts, new, end, samples, numbers)
            for row, text in enumerate(recipe.tokenizer.decode(made[made >= 0], skip_special=True) for made in ids):
                final_reward(recipe.task, problems[row // samples], text, bool((ids[row] == end).any()))
            return ids

        return call

    made = np.array([len(episode.actions) for episode in recipe.episodes])
    prompts = np.array([len(episode.prompt) for episode in recipe.episodes])
    flops, size = least_work(recipe.start.config, prompts, made)
    name = f"rollouts of {settings.prompts} x {settings.samples} episodes"
    return Work("rollouts", name, int(made.sum()), flops, size, contenders(minirl, theirs))


def written(episodes: list[Episode], new: int) -> np.ndarray:
    """(episodes, new) ids, -1 after the end."""
    return np.stack([np.pad(e.actions, (0, new - len(e.actions)), constant_values=-1) for e in episodes])


def rl_update(recipe: Recipe) -> Work:
    """minirl's update from given episodes, ready to be timed."""
    settings = recipe.config.rl

    def minirl() -> Callable[[], Any]:
        model = recipe.policy()
        optimizer = adamw(model, settings)

        def call() -> list[float]:
            found = reinforce_step(model, optimizer, recipe.episodes, settings, recipe.start, recipe.rehearsal)
            return [found["loss"], found["kl_to_start"]]

        return call

    def theirs() -> Callable[[], Any]:
        from minirl.bench import torch_gpt, torch_recipe

        model, optimizer = torch_model(recipe.start, settings)
        reference, rehearsal = torch_gpt.GPT.like(recipe.start), torch_recipe.pad_documents(recipe.rehearsal)
        return lambda: torch_recipe.rl_step(model, optimizer, recipe.episodes, settings, reference, rehearsal)

    actions = np.array([len(episode.actions) for episode in recipe.episodes])
    lengths = actions + [len(episode.prompt) - 1 for episode in recipe.episodes]
    rewards = np.array([episode.reward for episode in recipe.episodes]).reshape(-1, settings.samples)
    useful, first = advantages(rewards, settings.advantage).reshape(-1) != 0, slice(None, None, settings.samples)
    config = recipe.start.config  # operations are counted as if each episode were read whole, its prompt too
    flops = 3 * forward_flops(config, lengths[useful], actions[useful]) + training_flops(config, recipe.rehearsal)
    flops += forward_flops(config, lengths[first], actions[first])
    name = f"the update from {len(actions)} episodes, {useful.sum()} of them with an advantage"
    return Work("update", name, int(lengths.sum()), flops, 0.0, contenders(minirl, theirs))


def training_flops(config: GPTConfig, batch: Batch) -> float:
    """Forward and backward of documents, all of whose tokens are targets."""
    lengths = np.diff(batch.starts)
    return 3 * forward_flops(config, lengths, (batch.weights > 0).sum(keepdims=True))


def contenders(minirl: Callable[[], Any], theirs: Callable[[], Any]) -> dict[str, Callable[[], Any]]:
    """minirl's call and, where PyTorch is installed, PyTorch's."""
    return {"minirl": minirl, "torch": theirs} if torch is not None else {"minirl": minirl}


# ---- the program ----


def works(recipe: Recipe, groups: list[str]) -> Iterator[Work]:
    """The steps of the chosen groups, as pieces of work."""
    for group, make in zip(GROUPS, (pretraining, rollouts, rl_update), strict=True):
        if group in groups:
            yield make(recipe)


def main(argv: list[str] | None = None) -> int:
    """Run with the flags `argv`; prints a table and, where all was measured, what a whole run's updates take.

    Returns the exit status.
    """
    options = flags.parse(Options, argv, "python -m minirl.bench recipe", __doc__)
    whole.start(options)
    groups = runner.chosen(options.only, GROUPS)
    recipe = (
        Recipe(PRESETS["smoke"], batches=2, fine_tuning=2)
        if options.quick
        else Recipe(PRESETS["roger"], BATCHES, FINE_TUNING)
    )
    found = whole.measure(options, works(recipe, groups))
    console, outcomes = whole.finish(options, found, "The main job's steps"), found.outcomes
    if len(outcomes) == len(GROUPS):
        pretrain, rl = recipe.config.pretrain.steps, recipe.config.rl.steps
        counts = (pretrain / len(recipe.batches), rl, rl)
        times = {
            name: sum(n * outcome.seconds[name] for n, outcome in zip(counts, outcomes, strict=True))
            for name in outcomes[0].seconds
        }
        parts = [f"{report.TITLES[name]} {seconds:,.0f} s" for name, seconds in times.items()]
        if "torch" in times:
            parts.append(f"PyTorch's time is {times['torch'] / times['minirl']:.2f} x minirl's")
        text = f"{pretrain} pretraining updates, {rl} rollouts and their updates: {', '.join(parts)}"
        console.print(text, highlight=False)
    profile.print_profiles(console, found.profiles, options.profile)
    return found.progress.status
