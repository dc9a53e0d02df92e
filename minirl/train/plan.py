"""What a run will take, before hours are spent on it: parameters, operations, memory, tokens, and time on this machine.

The time is measured: the model is built, and trains on a few parts of a batch for some seconds. Two rules of thumb say
whether the text is enough. Training is best spent on about 20 tokens for each parameter (Hoffmann et al. 2022,
Chinchilla). Reading the same text up to 4 times is nearly as good as new text; beyond 16 times little is gained, and
nothing at 40 (Muennighoff et al. 2023).
"""

import time
from dataclasses import dataclass, field

import numpy as np

from minirl import kernels
from minirl.data.shards import Corpus
from minirl.kernels import peak
from minirl.model import GPT
from minirl.model.memory import activation_bytes, total_memory
from minirl.runs import TrainConfig, task_of
from minirl.streams import stream_seed
from minirl.tasks import END
from minirl.train.chain import train_tokenizer
from minirl.train.pretrain import PretrainStage
from minirl.train.real_text import Rows
from minirl.train.stage import accumulate_gradients, optimizer_of

SECONDS = 20.0
PER_PARAMETER = 20  # tokens
NEARLY_NEW, USELESS = 4, 40  # readings of the same text


@dataclass(frozen=True)
class Plan:
    """Sizes and times of pretraining."""

    parameters: int
    steps: int
    batch_tokens: int
    flops_per_token: float
    memory: int
    """Bytes, roughly: weights, gradient, moments, and what a pass keeps for its gradient."""
    tokens_per_second: float
    peak: float
    """Operations a second that this machine's multiply-adds allow."""
    corpus_tokens: int | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def tokens(self) -> int:
        """That pretraining reads in all."""
        return self.steps * self.batch_tokens

    def __str__(self) -> str:
        hours = self.tokens / self.tokens_per_second / 3600
        rows = [
            ("parameters", f"{self.parameters:,}"),
            ("updates", f"{self.steps:,} of {self.batch_tokens:,} tokens"),
            ("tokens", f"{self.tokens:,}"),
            ("operations", f"{self.flops_per_token * self.tokens:.2e} ({self.flops_per_token:.2e} a token)"),
            ("memory", f"about {self.memory / 1e9:.1f} GB"),
            (
                "speed here",
                f"{self.tokens_per_second:,.0f} tokens/s, {self.speed:.0f} GFLOP/s, {self.of_peak:.0%} of the peak",
            ),
            ("time here", f"{hours:.1f} hours" if hours >= 1 else f"{60 * hours:.0f} minutes"),
        ]
        if self.corpus_tokens is not None:
            times = self.tokens / max(self.corpus_tokens, 1)
            rows.insert(3, ("the corpus", f"{self.corpus_tokens:,} tokens, read {times:.1f} times"))
        lines = [f"  {name:<11} {value}" for name, value in rows]
        return "\n".join(["pretraining would take:", *lines, *(f"warning: {text}" for text in self.warnings)])

    @property
    def of_peak(self) -> float:
        """The share of the peak that training reaches."""
        return 1e9 * self.speed / self.peak

    @property
    def speed(self) -> float:
        """10^9 operations a second."""
        return self.flops_per_token * self.tokens_per_second / 1e9


def make_plan(config: TrainConfig, seconds: float = SECONDS) -> Plan:
    """The plan of a run with these settings. Raises what a run would raise."""
    gpt = config.model.gpt(config.model.vocab_size)
    corpus = Corpus(config.corpus) if config.corpus else None
    settings, parameters = config.pretrain, gpt.parameter_count()
    pass_tokens = min(settings.micro_tokens, settings.batch_tokens)
    memory = 16 * parameters + activation_bytes(gpt, pass_tokens)
    return Plan(
        parameters, settings.steps, settings.batch_tokens, gpt.flops_per_token(), memory, measure(config, seconds),
        peak.multiply_adds(kernels.precision()), None if corpus is None else corpus.tokens("train"),
        warnings(parameters, settings.steps * settings.batch_tokens, corpus, memory),
    )  # fmt: skip


def warnings(parameters: int, tokens: int, corpus: Corpus | None, memory: int) -> list[str]:
    """What a person should think about first."""
    found = []
    if corpus is not None:
        there, times = corpus.tokens("train"), tokens / max(corpus.tokens("train"), 1)
        if times > USELESS:
            found.append(f"the corpus is read {times:.0f} times; beyond {USELESS} nothing is gained")
        elif times > NEARLY_NEW:
            found.append(
                f"the corpus is read {times:.0f} times; beyond {NEARLY_NEW} readings each gives less than new text"
            )
        if there * NEARLY_NEW < PER_PARAMETER * parameters:
            found.append(
                f"{there:,} tokens are little for {parameters:,} parameters: {PER_PARAMETER} tokens for each would be "
                f"{PER_PARAMETER * parameters:,}. Add text, or take a smaller model"
            )
    if tokens < PER_PARAMETER * parameters:
        share = tokens / parameters
        found.append(f"{share:.1f} tokens are read for each parameter; training is best spent on about {PER_PARAMETER}")
    total = total_memory()
    if total is not None and memory > 0.8 * total:
        found.append(
            f"that is more memory than this machine's {total / 1e9:.1f} GB can spare; lower --pretrain.micro-tokens"
        )
    return found


def measure(config: TrainConfig, seconds: float) -> float:
    """Tokens a second that the model trains on here, over some passes after the first."""
    tokenizer = train_tokenizer(config).tokenizer
    model = GPT(config.model.gpt(tokenizer.vocab_size), stream_seed(config.seed, "weights"), config.model.init_std)
    settings, length = config.pretrain, config.model.context_length
    if config.corpus:
        rows = Rows(Corpus(config.corpus), "train", length, tokenizer.special_tokens[END])
        wanted = max(min(settings.micro_tokens, settings.batch_tokens) // length, 1)
        batch = rows.batch(range(min(wanted, len(rows))))
    else:
        batch = PretrainStage(config, model, tokenizer, task_of(config)).loader.next_batch()
    optimizer = optimizer_of(model, settings)
    optimizer.lr = 0.0
    times: list[float] = []
    began = time.perf_counter()
    while len(times) < 2 or time.perf_counter() - began < seconds:
        start = time.perf_counter()
        accumulate_gradients(model, batch, settings.micro_rows, settings.micro_tokens)
        times.append(time.perf_counter() - start)
    start = time.perf_counter()
    optimizer.step(settings.max_norm)
    update = time.perf_counter() - start
    passes = settings.batch_tokens / max(batch.tokens, 1)
    return settings.batch_tokens / (float(np.median(times[1:])) * passes + update)
