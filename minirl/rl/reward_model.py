"""A reward model r(x, y): how good the answer y to the prompt x is, as a number that was learned.

    trunk   a transformer, which begins as a checkpoint
    head    r = gain (w . h + b) + shift, where h is the hidden state after the answer's end token

One class serves three kinds; only what they learn from differs:

    preferences (bradley_terry.py)   r is known up to a constant for each prompt: never compare it across prompts
    outcome     (verifier.py)        r is the log-odds that the answer is right
    process     (verifier.py)        r after each sentence is the log-odds that the reasoning is right so far

gain and shift are set once, so that the rewards of the policy at its start have mean 0 and standard deviation 1
(Ziegler et al. 2019, section 2.1): the weights of other terms, such as KL, then mean the same with every reward model.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from minirl.autograd import Array, no_grad
from minirl.generate import needed_end_tokens, without_dropout
from minirl.generate.step_beam import SentenceEnd
from minirl.model import GPT
from minirl.model.tensor_file import TensorFile, write_tensors
from minirl.nn import Linear, Module
from minirl.tasks.task import END, Problem, answer_text
from minirl.tensor import Tensor

if TYPE_CHECKING:
    from minirl.tokenizer import Tokenizer

HEAD = "head.safetensors"
ENDS = (END, "<|endoftext|>", "<|im_end|>", "</s>")
PASS_TOKENS = 4096  # tokens of a forward pass


@dataclass(frozen=True)
class Answers:
    """A prompt and several answers to it, as tokens."""

    prompt: Array
    """(P,) int32."""
    answers: tuple[Array, ...]
    """Each (n,) int32, with the end token last."""

    @property
    def tokens(self) -> int:
        """How many tokens the model reads: the prompt once, its last token once more for each answer."""
        return len(self.prompt) - 1 + sum(1 + len(answer) for answer in self.answers)


@dataclass(frozen=True)
class Packed:
    """Prompts and answers end to end, as in batch.py; but here the last token of an answer is read too."""

    ids: Array
    starts: Array
    prefixes: Array
    answers: list[slice]
    """For each answer the places of its own tokens."""

    @property
    def ends(self) -> Array:
        """(answers,): the place of each answer's last token."""
        return np.array([place.stop - 1 for place in self.answers])


def pack_answers(groups: Sequence[Answers]) -> Packed:
    """All groups in one row. The answers of a group share its prompt."""
    documents: list[Array] = []
    prefixes: list[int] = []
    for group in groups:
        prefixes += [-1, *[len(documents)] * len(group.answers)]
        documents.append(group.prompt[:-1])
        documents += [np.concatenate([group.prompt[-1:], answer]) for answer in group.answers]
    starts = np.cumsum([0, *map(len, documents)])
    own = [slice(starts[i] + 1, starts[i + 1]) for i, prefix in enumerate(prefixes) if prefix >= 0]
    return Packed(np.concatenate(documents).astype(np.int32), starts, np.array(prefixes), own)


class RewardModel(Module):
    """A transformer with a head of one number. Tokens: with the tokenizer of its trunk."""

    def __init__(self, trunk: GPT, tokenizer: "Tokenizer", seed: int = 0) -> None:
        """trunk: it is trained on, and so changed. The head's weights are drawn from N(0, 1 / (d + 1)), as in Stiennon
        et al. 2020; its bias is 0. Raises ValueError for a tokenizer without a token that ends texts."""
        self.trunk = trunk
        d = trunk.config.d_model
        self.head = Linear(d, 1, np.random.default_rng(seed), std=(d + 1) ** -0.5)
        self.tokenizer, self._end = tokenizer, ending(tokenizer)
        self._sentence_end = SentenceEnd(tokenizer)
        self.gain, self.shift = 1.0, 0.0

    # ---- tokens ----

    def encode(self, prompt: str, answers: Sequence[str]) -> Answers:
        """A prompt and answers as tokens. Every answer gets its end token, which is where r is read; also one that was
        cut off. A text that ends with the end token's name, as a Problem's completion does, gets no second one."""
        end = np.array([self._end], np.int32)
        encoded = (self.tokenizer.encode_array(text.removesuffix(END)) for text in answers)
        return Answers(self.tokenizer.encode_array(prompt), tuple(np.concatenate([ids, end]) for ids in encoded))

    def sentence_ends(self, answer: Array) -> Array:
        """(n,) bool: the tokens after which a step of the reasoning is complete; the last is always one."""
        ends = np.array([t > 0 and self._sentence_end(answer[: t + 1]) for t in range(len(answer))])
        ends[-1] = True
        return ends

    # ---- scores ----

    def raw(self, packed: Packed) -> Tensor:
        """w . h + b after every token, (tokens,), with gradients."""
        with without_dropout(self.trunk):
            h = self.trunk.hidden(packed.ids, packed.starts, packed.prefixes)
        return self.head(h).reshape(-1)

    @no_grad()
    def token_scores(self, groups: Sequence[Answers]) -> list[Array]:
        """r after every token of every answer, group by group, (n,) float64 each. An answer's scores do not depend on
        the other answers. Raises ValueError for a prompt and answer longer than the trunk's context."""
        found: list[Array] = []
        for together in chunks(groups, PASS_TOKENS):
            packed = pack_answers(together)
            r = self.gain * self.raw(packed).numpy().astype(np.float64) + self.shift
            found += [r[place] for place in packed.answers]
        return found

    def score(self, prompts: Sequence[str], answers: Sequence[str]) -> Array:
        """r of one answer to each prompt, (n,) float64. Neighbours with the same prompt share its computation."""
        pairs = list(zip(prompts, answers, strict=True))
        groups = [
            self.encode(prompt, [answer for _, answer in same])
            for prompt, same in groupby(pairs, key=lambda pair: pair[0])
        ]
        return np.array([scores[-1] for scores in self.token_scores(groups)])

    def one(self, prompt: str, answer: str) -> float:
        """r of one answer."""
        return float(self.score([prompt], [answer])[0])

    def judge(self, prompt: str) -> Callable[[str], float]:
        """A judge of texts after this prompt, for `generate.step_beams`. Where the text has its line `Answer:`, r
        stands after the end token, as always. A text without it is reasoning that goes on, so r is read after its own
        last token: an end token in the middle of a solution is nothing that verifiers have learned from."""

        def judged(text: str) -> float:
            (r,) = self.token_scores([self.encode(prompt, [text])])
            return float(r[-1] if answer_text(text) or len(r) == 1 else r[-2])

        return judged

    def normalise(self, prompts: Sequence[str], answers: Sequence[str]) -> None:
        """Set gain and shift so that r of these answers has mean 0 and standard deviation 1. Raises ValueError where
        all are equal, or fewer than two."""
        self.gain, self.shift = 1.0, 0.0
        r = self.score(prompts, answers)
        if len(r) < 2 or not r.std() > 1e-9:
            raise ValueError(f"RewardModel.normalise: {len(r)} answers, rewards of spread 0; give different ones")
        self.gain = float(1 / r.std())
        self.shift = float(-r.mean() / r.std())

    # ---- files ----

    def save(self, folder: str | PathLike[str]) -> None:
        """Write the trunk as a checkpoint, its tokenizer, and the head beside it."""
        self.trunk.save_pretrained(folder)
        self.tokenizer.save(Path(folder) / "tokenizer.json")
        scale = np.array([self.gain, self.shift], np.float64)
        assert self.head.bias is not None
        write_tensors(
            Path(folder) / HEAD, {"weight": self.head.weight.data, "bias": self.head.bias.data, "scale": scale}
        )

    @classmethod
    def load(cls, folder: str | PathLike[str], tokenizer: "Tokenizer") -> "RewardModel":
        """The reward model in a folder. Raises FileNotFoundError, and what GPT.from_pretrained raises."""
        path = Path(folder) / HEAD
        if not path.is_file():
            raise FileNotFoundError(f"there is no reward model in {folder}: {path} is missing")
        model, file = cls(GPT.from_pretrained(folder), tokenizer), TensorFile(path)
        model.head.load_state_dict({name: file.read(name) for name in ("weight", "bias")})
        model.gain, model.shift = file.read("scale").tolist()
        return model


class ModelReward:
    """A reward model as the reward of an environment; see mdp.Reward. An answer that was cut off loses `missing_end`:
    subtracted, so that of two such answers the better one still gets more."""

    def __init__(self, model: RewardModel, missing_end: float = 1.0) -> None:
        self.model, self.missing_end = model, missing_end

    def __call__(self, problem: Problem, text: str, finished: bool) -> float:
        """The reward of one answer."""
        return self.many([problem], [text], [finished])[0]

    def many(self, problems: Sequence[Problem], texts: Sequence[str], finished: Sequence[bool]) -> list[float]:
        """The rewards of many answers, with few forward passes."""
        r = self.model.score([problem.prompt for problem in problems], texts)
        return [float(x) - (0.0 if ended else self.missing_end) for x, ended in zip(r, finished, strict=True)]


def ending(tokenizer: "Tokenizer") -> int:
    """The token that ends an answer: minirl's own, or what other models have in its place."""
    found = [tokenizer.special_tokens[name] for name in ENDS if name in tokenizer.special_tokens]
    return found[0] if found else needed_end_tokens(tokenizer)[0]


def chunks(groups: Sequence[Answers], most_tokens: int) -> Iterator[list[Answers]]:
    """The groups in lists of at most this many tokens, or of one group."""
    together: list[Answers] = []
    used = 0
    for group in groups:
        if together and used + group.tokens > most_tokens:
            yield together
            together, used = [], 0
        together.append(group)
        used += group.tokens
    if together:
        yield together
