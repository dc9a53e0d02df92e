"""Generation with a KV cache against PyTorch, transformers and llama.cpp: python -m minirl.bench generate

llama.cpp takes part where one row of a Llama-style model is generated. All have the same random weights, in float32
and, where the instruction set computes in it, in bfloat16. The generated tokens must agree, and for llama.cpp the
logits too; in bfloat16 only the logits must agree (logits.py says why). For few rows, every token needs all weights
from memory once: "of peak" is the share of that ceiling. torch.compile is left out, because shapes change with every
token.

The group "rows" times minirl alone: 1 to 16 rows with weights in float32, bfloat16 and int8.

    python -m minirl.bench generate --only llama
    python -m minirl.bench generate --only rows
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from minirl import flags, kernels
from minirl.bench import logits, profile, runner, whole
from minirl.bench.case import FLOAT, HALF, torch
from minirl.bench.tokenizer import installed
from minirl.bench.whole import Work
from minirl.generate import Sampling, generate_ids
from minirl.generate.sampling import row_stream
from minirl.kernels import peak
from minirl.kernels.int8 import BLOCK, INT8
from minirl.model import GPT, GPTConfig
from minirl.model.hugging_face import model_type

SEED = 0


@dataclass(frozen=True)
class Options(whole.Options):
    """Time generation with a KV cache against transformers and PyTorch."""


@dataclass(frozen=True)
class Request:
    """What is asked of a model: B prompts of shortest to longest tokens, and at most `new` tokens after each."""

    group: str
    model: str
    config: GPTConfig
    B: int
    shortest: int
    longest: int
    new: int
    answer: int = 0
    """Tokens after which a sampled row ends on average; 0: rows never end, and take the most likely token."""
    bf16: bool = False
    """Whether the weights are held in bfloat16."""
    int8: bool = False
    """Whether they are held in int8. No contender but minirl has the same blocks and the same rounding."""
    alone: bool = False
    """Whether minirl runs alone, against the time to read the weights."""

    @property
    def name(self) -> str:
        """As the table shows it: model, rows, prompt and new tokens."""
        prompt = f"{self.longest}" if self.shortest == self.longest else f"{self.shortest} to {self.longest}"
        end = f", ends after {self.answer} on average" if self.answer else ""
        return f"{self.model}  {self.B} x {prompt} + {self.new}{end}" + (
            "  bfloat16" if self.bf16 else "  int8" if self.int8 else ""
        )

    def prompts(self) -> list[np.ndarray]:
        """Random prompts of the wanted lengths, always the same."""
        rng = np.random.default_rng(SEED)
        lengths = rng.integers(self.shortest, self.longest + 1, self.B)
        return [rng.integers(1, self.config.vocab_size, n).astype(np.int32) for n in lengths]

    def build(self) -> GPT:
        """The model. Where rows shall end, the last norm's bias makes the end token, 0, likelier than the others."""
        model = GPT(self.config)
        if self.answer:
            towards = model.token_embedding.weight.numpy()[0]
            logit = np.log(self.config.vocab_size / self.answer)
            model.final_norm.bias.data[:] = towards * (logit / (towards @ towards))  # type: ignore[union-attr]
        return model.to("bfloat16" if self.bf16 else "int8" if self.int8 else "float32")

    @property
    def weight_bytes(self) -> float:
        """Bytes of one weight."""
        return INT8.itemsize / BLOCK if self.int8 else HALF if self.bf16 else FLOAT

    @property
    def end(self) -> int | None:
        """The id of the end token, or None if rows never end."""
        return 0 if self.answer else None


GPT2 = GPTConfig.preset("gpt2")
LLAMA = GPTConfig.llama(vocab_size=32000, context_length=1024, d_ff=2048)
SMALL = GPTConfig(512, context_length=160, n_layer=4, n_head=4, d_model=128)
REQUESTS = (
    Request("124M", "gpt2-124M", GPT2, 1, 64, 64, 64),
    Request("124M", "gpt2-124M", GPT2, 16, 64, 64, 64),
    Request("llama", "Llama 12 layers d768 V32000", LLAMA, 1, 399, 399, 1),
    Request("llama", "Llama 12 layers d768 V32000", LLAMA, 1, 399, 399, 64),
    Request("rollouts", "4 layers d128 V512", SMALL, 256, 16, 48, 96, answer=32),
)
TINY = GPTConfig(61, context_length=32, n_layer=2, n_head=2, d_model=32)
TINY_LLAMA = GPTConfig.llama(vocab_size=61, context_length=32, n_layer=2, n_head=2, d_model=32)
QUICK = (
    Request("124M", "tiny", TINY, 3, 5, 5, 6),
    Request("llama", "tiny Llama", TINY_LLAMA, 1, 9, 9, 4),
    Request("rollouts", "tiny rows", TINY, 9, 3, 8, 12, answer=5),
)
ROWS = tuple(
    replace(REQUESTS[3], group="rows", B=B, shortest=64, longest=64, new=32, alone=True) for B in (1, 2, 4, 8, 16)
)
QUICK_ROWS = (replace(QUICK[1], group="rows", B=2, alone=True),)
GROUPS = ("124M", "124M bf16", "llama", "llama bf16", "rollouts", "rows")


# ---- contenders: each returns the ids (B, new), -1 after the end ----


def minirl_call(request: Request) -> Callable[[], np.ndarray]:
    """minirl's generation, ready to be timed."""
    model, prompts = request.build(), request.prompts()
    rule = Sampling(1.0 if request.answer else 0.0, max_new_tokens=request.new)

    def call() -> np.ndarray:
        return padded([row.ids for row in generate_ids(model, prompts, rule, request.end, seed=SEED)], request.new)

    return call


def torch_call(request: Request) -> Callable[[], np.ndarray]:
    """The same in plain PyTorch."""
    from minirl.bench import torch_generate, torch_gpt

    ours, prompts = request.build(), request.prompts()
    model = torch_gpt.GPT.like(ours)
    if request.bf16:
        cache = torch_gpt.Cache(request.config, request.B, request.longest, torch.bfloat16)
        padding = torch.zeros(request.B, dtype=torch.long)

        def extend(part: np.ndarray) -> np.ndarray:
            with torch.inference_mode():
                return torch_generate.extend(model, torch.from_numpy(part).long(), padding, cache).float().numpy()

        logits.check("PyTorch", extend, ours, np.stack(prompts))
    numbers = uniforms(SEED, request.B, 1, request.new) if request.answer else None

    def call() -> np.ndarray:
        return torch_generate.complete(model, prompts, request.new, request.end, uniforms=numbers)[0]

    return call


def transformers_call(request: Request) -> Callable[[], np.ndarray]:
    """The same in transformers."""
    from transformers import AutoModelForCausalLM

    ours, prompts = request.build(), np.stack(request.prompts())
    with tempfile.TemporaryDirectory() as folder:
        ours.save_pretrained(folder)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16 if request.bf16 else torch.float32)
    model.generation_config.eos_token_id = None
    if request.bf16:
        text = torch.zeros(request.B, 0, dtype=torch.long)

        def extend(part: np.ndarray) -> np.ndarray:
            nonlocal text
            text = torch.cat([text, torch.from_numpy(part).long()], dim=1)
            with torch.inference_mode():
                return model(text).logits[:, -1].float().numpy()

        logits.check("transformers", extend, ours, prompts)
    ids = torch.from_numpy(prompts).long()
    rule: dict[str, Any] = {"do_sample": False, "max_new_tokens": request.new, "pad_token_id": 0}

    def call() -> np.ndarray:
        written = model.generate(ids, attention_mask=torch.ones_like(ids), **rule)
        return written[:, request.longest :].numpy()

    return call


def llama_cpp_call(request: Request) -> Callable[[], np.ndarray]:
    """The same in llama.cpp."""
    from minirl.bench import llama_cpp

    model, (prompt,) = request.build(), request.prompts()
    peer = llama_cpp.LlamaCpp(model, request.longest + request.new)
    llama_cpp.check(peer, model, prompt)
    return lambda: peer.complete(prompt, request.new)[None]


def counted(make: Callable[[], Callable[[], np.ndarray]]) -> Callable[[], Callable[[], np.ndarray]]:
    """The contender, but its calls return where it wrote a token, 1 or 0: the text itself is not to be compared."""

    def make_counted() -> Callable[[], np.ndarray]:
        call = make()
        return lambda: (call() >= 0).astype(np.int8)

    return make_counted


def padded(rows: Sequence[np.ndarray], length: int) -> np.ndarray:
    """Rows of unequal length as one array, filled up at the end."""
    return np.stack([np.pad(ids, (0, length - len(ids)), constant_values=-1) for ids in rows])


def uniforms(seed: Any, prompts: int, samples: int, new: int) -> np.ndarray:
    """The numbers that minirl draws these rows with, (prompts samples, new)."""
    return np.stack([row_stream(seed, p, s).random(new) for p in range(prompts) for s in range(samples)])


# ---- what there is to do ----


def requests(quick: bool) -> Iterator[Request]:
    """Everything there is to measure."""
    for request in QUICK if quick else REQUESTS:
        yield request
        if peak.has_bf16() and not request.answer:
            yield replace(request, group=f"{request.group} bf16", bf16=True)
    for request in QUICK_ROWS if quick else ROWS:
        yield from (request, replace(request, bf16=True))
        if kernels.backend() != "cuda":  # which has no kernels for it
            yield replace(request, int8=True)


def work(request: Request) -> Work:
    """The request as a piece of work with all contenders that can do it."""
    contenders: dict[str, Callable[[], Callable[[], Any]]] = {"minirl": lambda: minirl_call(request)}
    on_cpu = kernels.backend() != "cuda"  # where the others compute
    if torch is not None and on_cpu and not request.alone:
        contenders["torch"] = lambda: torch_call(request)
        if installed("transformers") and not request.answer:
            contenders["transformers"] = lambda: transformers_call(request)
    if (
        has_llama_cpp()
        and on_cpu
        and model_type(request.config) == "llama"
        and request.B == 1
        and not request.answer
        and not request.alone
    ):
        contenders["llama.cpp"] = lambda: llama_cpp_call(request)
    made = minirl_call(request)() >= 0 if request.answer else np.ones((request.B, request.new), bool)
    prompts = np.array([len(prompt) for prompt in request.prompts()])
    flops, size = least_work(request.config, prompts, made.sum(axis=1), request.weight_bytes)
    if request.bf16:
        contenders = {name: counted(make) for name, make in contenders.items()}
    return Work(request.group, request.name, int(made.sum()), flops, size, contenders, request.bf16)


def has_llama_cpp() -> bool:
    """Whether llama.cpp's Python package is installed."""
    return installed("llama_cpp")


def forward_flops(config: GPTConfig, lengths: np.ndarray, outputs: np.ndarray) -> float:
    """Operations of reading rows of these lengths, (rows,), with logits for so many tokens of each."""
    head, keys = config.vocab_size * config.d_model, lengths * (lengths + 1) / 2
    blocks = 2.0 * (config.matmul_weights() - head) * lengths.sum() + 4.0 * config.n_layer * config.d_model * keys.sum()
    return float(blocks + 2.0 * head * outputs.sum())


def least_work(
    config: GPTConfig, prompts: np.ndarray, made: np.ndarray, weight_bytes: float = FLOAT
) -> tuple[float, float]:
    """(operations, bytes read) for prompts and completions of these lengths, (rows,) each; all rows side by side.

    weight_bytes: those of one weight; keys and values are float32. The last token is never read. The weights are read
    once for the prompts and once for each further token of the longest completion, a row's keys and values for each of
    its own.
    """
    read, width = prompts + made - 1, config.kv_heads * config.head_size
    keys = read * (read + 1) / 2 - prompts * (prompts + 1) / 2
    size = weight_bytes * config.matmul_weights() * made.max() + FLOAT * 2 * config.n_layer * width * keys.sum()
    return forward_flops(config, read, made), float(size)


def main(argv: list[str] | None = None) -> int:
    """Run with the flags `argv`; prints a table. Returns the exit status."""
    options = flags.parse(Options, argv, "python -m minirl.bench generate", __doc__)
    whole.start(options)
    groups = runner.chosen(options.only, GROUPS)
    works: Iterator[Work] = (work(request) for request in requests(options.quick) if request.group in groups)
    found = whole.measure(options, works)
    title = "Rows x prompt + new tokens; tokens/s counts new ones"
    console = whole.finish(options, found, title)
    if any("llama.cpp" in outcome.seconds for outcome in found.outcomes):
        from minirl.bench import llama_cpp

        console.print(llama_cpp.describe(), highlight=False)
    if not peak.has_bf16():
        console.print(
            f"bfloat16 left out: the instruction set in use ({kernels.isa()}) cannot compute in it", highlight=False
        )
    profile.print_profiles(console, found.profiles, options.profile)
    return found.progress.status
