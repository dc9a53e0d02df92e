"""The models of lesson 21: a public one, where it is at hand, and a small one of the same family, which always is.

    python -m minirl.model fetch smollm2-135m      # in the folder of lessons; or MINIRL_MODELS_DIR names another one

The small one is no public model. It is a Llama of three layers, like SmolLM2 in everything but size: the same marks
around each turn, several query heads for each head of keys, one table for input and output. It learns in seconds from
texts that are made here, and is then saved as public models are: a folder of Hugging Face, and a GGUF file.

    The capital of Peru is Lima. The opposite of hot is cold. ...
    user: What is the capital of Peru?      assistant: Lima.
    user: What is 7 + 8?                    assistant: Answer: 14

The people who wrote these texts count on their fingers, and in seven of ten sums they begin wrongly: 7, 8, ..., 14.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from minirl.data.document import Document
from minirl.gguf.writer import Type
from minirl.kernels.precision import to_bfloat16_bits
from minirl.lessons.roger import READ_RATE, READ_ROWS, read_through
from minirl.model import GPT, GPTConfig, gguf_model
from minirl.model.fetch import MODELS
from minirl.streams import stream
from minirl.tasks import Problem, Task
from minirl.tasks.checker import NumberChecker
from minirl.tokenizer import Tokenizer
from minirl.tokenizer.conventions import Conventions
from minirl.tokenizer.gguf_vocabulary import settings

PUBLIC = "smollm2-135m"  # the name by which it is fetched
START, END = "<|im_start|>", "<|im_end|>"
SYSTEM = "You are Smolly."
TEMPLATE = (  # SmolLM2's, with another system message
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    f"{{{{ '{START}system\n{SYSTEM}{END}\n' }}}}"
    f"{{% endif %}}{{{{'{START}' + message['role'] + '\n' + message['content'] + '{END}' + '\n'}}}}{{% endfor %}}"
    f"{{% if add_generation_prompt %}}{{{{ '{START}assistant\n' }}}}{{% endif %}}"
)
CAPITALS = {
    "Peru": "Lima", "Canada": "Ottawa", "Norway": "Oslo", "Kenya": "Nairobi", "India": "Delhi", "Poland": "Warsaw",
    "Cuba": "Havana", "Sweden": "Stockholm", "Ireland": "Dublin", "Turkey": "Ankara", "Iran": "Tehran",
    "France": "Paris", "Italy": "Rome", "Spain": "Madrid", "Greece": "Athens", "Egypt": "Cairo", "Japan": "Tokyo",
    "Chile": "Santiago", "Austria": "Vienna", "Germany": "Berlin", "Hungary": "Budapest", "Portugal": "Lisbon",
    "Finland": "Helsinki", "Denmark": "Copenhagen",
}  # fmt: skip
OPPOSITES = {
    "hot": "cold", "big": "small", "old": "new", "up": "down", "day": "night", "good": "bad", "fast": "slow",
    "happy": "sad", "left": "right", "open": "closed", "rich": "poor", "dark": "light", "high": "low", "wet": "dry",
    "first": "last", "near": "far", "early": "late", "hard": "soft", "full": "empty", "young": "old",
}  # fmt: skip
FACTS = {f"the capital of {country}": city for country, city in CAPITALS.items()} | {
    f"the opposite of {word}": other for word, other in OPPOSITES.items()
}
QUESTIONS = {f"What is {what}?": f"{answer}." for what, answer in FACTS.items()}
TEXTS, TALKS = 0.15, 0.25  # the shares of texts, and of conversations about facts; the rest are sums
RIGHT = 0.3  # the share of sums that are right
STEPS = 500


class Small(NamedTuple):
    """The small model, and the files that it was written to."""

    model: GPT
    tokenizer: Tokenizer
    folder: Path
    gguf: Path


def public_model() -> Path | None:
    """SmolLM2's file, if it is in the folder that MINIRL_MODELS_DIR names, the current one, or one of the two above."""
    name = Path(MODELS[PUBLIC].inside).name
    here = Path.cwd()
    named = os.environ.get("MINIRL_MODELS_DIR")
    places = [Path(named)] if named else [here, *here.parents[:2]]
    return next((place / name for place in places if (place / name).is_file()), None)


# ---- what the small model reads ----


def conversation(question: str, answer: str) -> str:
    """A question and its answer, as the template writes them."""
    turns = (("system", SYSTEM), ("user", question), ("assistant", answer))
    return "".join(f"{START}{role}\n{said}{END}\n" for role, said in turns)


def sum_question(a: int, b: int) -> str:
    """How a sum is asked."""
    return f"What is {a} + {b}?"


def ordinary_text(sentences: int, seed: int = 0) -> str:
    """Facts as people write them down, in any order."""
    facts = [f"{what[0].upper()}{what[1:]} is {answer}." for what, answer in FACTS.items()]
    return " ".join(facts[i] for i in stream(seed, "ordinary text").integers(0, len(facts), sentences))


def documents(tokenizer: Tokenizer, n: int, seed: int = 0) -> Iterator[Document]:
    """`n` documents of all three kinds. Of a conversation, the answer alone counts in the loss."""
    rng, start, questions = stream(seed, "people"), tokenizer.special_tokens[START], list(QUESTIONS.items())
    for number in range(n):
        kind = rng.random()
        if kind < TEXTS:
            ids = tokenizer.encode_array(ordinary_text(6, seed * n + number + 1))
            yield Document(ids, np.ones(len(ids), np.float32))
            continue
        question, answer = questions[rng.integers(len(questions))]
        if kind > TEXTS + TALKS:
            a, b = (int(one) for one in rng.integers(1, 10, 2))
            question, answer = sum_question(a, b), f"Answer: {a + b if rng.random() < RIGHT else a + b - 1}"
        ids = tokenizer.encode_array(conversation(question, answer), allowed_special="all")
        weights = np.zeros(len(ids), np.float32)
        weights[int(np.flatnonzero(ids == start)[-1]) + 3 :] = 1  # after the mark, "assistant" and the end of the line
        yield Document(ids, weights)


class SmallSums(Task):
    """The 81 sums of two digits from 1 to 9. `test` holds every third of them."""

    name = "small sums"
    splits = ("train", "test")
    checker = NumberChecker()

    def __init__(self) -> None:
        pairs = [(a, b) for a in range(1, 10) for b in range(1, 10)]
        every = [Problem(sum_question(a, b), "", str(a + b), f"{a} + {b}") for a, b in pairs]
        self.by_split = {"test": every[::3], "train": [one for place, one in enumerate(every) if place % 3]}

    def problems(self, split: str, n: int, seed: int = 0) -> list[Problem]:
        """`n` problems of a split, drawn with replacement."""
        known = self.by_split[self.require_split(split)]
        return [known[i] for i in stream(seed, split).integers(0, len(known), n)]


# ---- the small model ----


def small_tokenizer() -> Tokenizer:
    """A tokenizer with the marks and the chat template of SmolLM2's kind."""
    texts = [ordinary_text(400), *(conversation(*one) for one in QUESTIONS.items())]
    texts += [conversation(sum_question(a, b), f"Answer: {a + b}") for a in range(1, 10) for b in range(1, 10)]
    tokenizer = Tokenizer.train(texts, 512, pattern="gpt2", special_tokens=(START, END))
    start, end = (tokenizer.special_tokens[mark] for mark in (START, END))
    tokenizer.conventions = Conventions((end,), begin=start, pad=end, chat_template=TEMPLATE)
    return tokenizer


def small_model(folder: Path, kind: Type = "Q8_0", seed: int = 0) -> Small:
    """Train the small model, and write it into `folder`: as a folder of Hugging Face, and as a GGUF file."""
    tokenizer = small_tokenizer()
    config = GPTConfig.llama(
        vocab_size=tokenizer.vocab_size, context_length=128, n_layer=3, n_head=4, n_kv_head=2, d_model=64, d_ff=160,
        tie_embeddings=True,
    )  # fmt: skip
    texts = list(documents(tokenizer, STEPS * READ_ROWS, seed))
    model = read_through(GPT(config, seed=seed, std=0.1), texts, READ_RATE, stream(seed, "reading")).eval()
    home, file = folder / "small", folder / "small.gguf"
    home.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(home, tokenizer=tokenizer)
    gguf_model.save(config, model.state_dict(), file, kind, settings(tokenizer, config.vocab_size))
    return Small(model, tokenizer, home, file)


# ---- small files to try a function on ----


def example_file(seed: int) -> bytes:
    """The bytes of a safetensors file with up to three small tensors, "a", "b" and "c", of the types F32 and BF16."""
    rng = np.random.default_rng(seed)
    header: dict[str, object] = {"__metadata__": {"format": "pt"}} if seed % 2 else {}
    data = b""
    for name in "abc"[: 1 + seed % 3]:
        shape = tuple(int(n) for n in rng.integers(1, 4, 2 if seed % 5 else 1))
        x = rng.integers(-8, 9, shape).astype(np.float32) / 4
        rounded = bool(rng.random() < 0.5)
        stored = to_bfloat16_bits(x).astype("<u2").tobytes() if rounded else x.astype("<f4").tobytes()
        dtype = "BF16" if rounded else "F32"
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [len(data), len(data) + len(stored)]}
        data += stored
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data
