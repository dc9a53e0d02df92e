"""Text in, text out: `generate` for evaluation and scripts, `stream` for chat. Both use the engine."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from minirl.autograd import Array
from minirl.generate.engine import Engine, Row
from minirl.generate.sampling import Sampling, Seed, row_stream
from minirl.model import GPT
from minirl.tasks.task import END

if TYPE_CHECKING:
    from minirl.tokenizer import Tokenizer

CACHE_BYTES = 1 << 30  # if keys and values would need more memory, fewer slots are used


@dataclass(frozen=True)
class Completion:
    """What the model wrote after a prompt."""

    prompt_ids: Array
    """(P,) int32."""
    ids: Array
    """(n,) int32, the end token included."""
    log_probs: Array
    """(n,) float32: log pi(id | tokens before) at the sampling temperature, before top-k and top-p; 0 at temperature
    0."""
    text: str
    """The completion without special tokens."""
    finished: bool
    """Whether it ended with the end token; otherwise a limit cut it off."""


def generate(
    model: GPT,
    tokenizer: "Tokenizer",
    prompts: Sequence[str],
    *,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    max_new_tokens: int = 256,
    seed: Seed = 0,
    samples: int = 1,
    slots: int = 256,
) -> Iterator[Completion]:
    """Complete each prompt `samples` times; yield the completions in order, prompt by prompt, as soon as possible.

    The same seed gives the same completions. They do not depend on `slots`, the number of rows computed at once.
    Raises ValueError for a prompt that does not fit into the model's context.
    """
    rule = Sampling(temperature, top_k, top_p, max_new_tokens)
    encoded = [tokenizer.encode_array(prompt) for prompt in prompts]
    for row in generate_ids(model, encoded, rule, end_token(tokenizer), seed=seed, samples=samples, slots=slots):
        yield Completion(row.prompt, row.ids, row.log_probs, tokenizer.decode(row.ids, skip_special=True), row.finished)


def generate_ids(
    model: GPT,
    prompts: Sequence[Array],
    sampling: Sampling,
    end: int | None,
    *,
    seed: Seed = 0,
    samples: int = 1,
    slots: int = 256,
) -> Iterator[Row]:
    """`generate` on token ids."""
    if samples < 1 or slots < 1:
        raise ValueError(f"generate: samples={samples} and slots={slots}; expected 1 or more of each")
    if not len(prompts):
        return
    config = model.config
    longest = max(len(prompt) for prompt in prompts)
    if longest > config.context_length:
        raise ValueError(
            f"generate: a prompt has {longest} tokens, more than the model's context length, {config.context_length}; "
            "shorten it, or train a model with a longer context"
        )
    capacity = min(longest + sampling.max_new_tokens, config.context_length)
    row_bytes = 8 * config.n_layer * capacity * config.kv_heads * config.head_size
    slots = min(slots, samples * len(prompts), max(CACHE_BYTES // row_bytes, 1))
    engine = Engine(model, sampling, end, slots, capacity)
    for problem, prompt in enumerate(prompts):
        engine.add([Row(prompt, problem, sample, row_stream(seed, problem, sample)) for sample in range(samples)])
    ready: dict[tuple[int, int], Row] = {}
    wanted = iter([(problem, sample) for problem in range(len(prompts)) for sample in range(samples)])
    place = next(wanted, None)
    while engine.busy:
        for row in engine.step():
            ready[row.problem, row.sample] = row
        while place in ready:
            yield ready.pop(place)
            place = next(wanted, None)


def stream(
    model: GPT,
    tokenizer: "Tokenizer",
    prompt: str,
    *,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    max_new_tokens: int = 256,
    seed: Seed = 0,
) -> Iterator[str]:
    """The completion of one prompt, piece by piece. The joined pieces are the text that `generate` returns."""
    ids = tokenizer.encode_array(prompt)
    rule = Sampling(temperature, top_k, top_p, max_new_tokens)
    engine = Engine(model, rule, end_token(tokenizer), 1, min(len(ids) + max_new_tokens, model.config.context_length))
    engine.add([Row(ids, 0, 0, row_stream(seed, 0, 0))])
    decoder = tokenizer.stream_decoder(skip_special=True)
    while engine.busy:
        engine.step()
        piece = decoder.push(int(engine.last[0]))
        if piece:
            yield piece
    rest = decoder.finish()
    if rest:
        yield rest


def end_token(tokenizer: "Tokenizer") -> int:
    """The id of <|end|>. Raises ValueError when the vocabulary has no such token."""
    if END not in tokenizer.special_tokens:
        raise ValueError(f"the tokenizer has no token {END}, so no answer could end; train it with special_tokens")
    return tokenizer.special_tokens[END]
