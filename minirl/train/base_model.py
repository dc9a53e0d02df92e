"""A run that begins with a model which exists already, and not with pretraining: a public one, or one of another run.

    python -m minirl.train --base-model SmolLM2-135M-Instruct.Q4_1.gguf --sft.learning-rate 1e-4

The model's folder or file takes the place of pretraining: its weights and its tokenizer are copied into the new run, as
the checkpoint `pretrain`. From there the run goes on as every run does, with supervised fine-tuning and REINFORCE. The
shape of the model is its own; the flags --model.* say nothing then.
"""

from dataclasses import replace
from pathlib import Path

from minirl.generate import known_tokens, needed_end_tokens
from minirl.model import GPT
from minirl.model.fetch import MODELS, fetch
from minirl.model.lora import last_name, matrices_of
from minirl.runs import STAGES, TOKENIZER, Run, TrainConfig, task_of
from minirl.tokenizer import Tokenizer
from minirl.train.check import ConfigError, check, check_prompts

FIRST = STAGES[0]


def from_model(path: Path, config: TrainConfig) -> Run:
    """A new run whose first stage is the model in `path`, done. path may be the name of a model to fetch too.

    Raises, before a folder is made, ConfigError for a model that cannot be trained on the run's task, FileNotFoundError
    where there is none, and what GPT.from_pretrained and Tokenizer.load raise for a damaged one.
    """
    path = found(path)
    if config.last_stage == FIRST:
        raise ConfigError(f"--base-model takes the place of {FIRST}, so --last-stage {FIRST} leaves nothing to do")
    tokenizer, model = Tokenizer.load(path), GPT.from_pretrained(path)
    shape = model.config
    try:
        known_tokens(model, tokenizer)
        needed_end_tokens(tokenizer)
    except ValueError as error:
        raise ConfigError(f"--base-model {path}: {error}") from None
    described = replace(
        config.model, vocab_size=shape.vocab_size, context_length=shape.context_length, n_layer=shape.n_layer,
        n_head=shape.n_head, d_model=shape.d_model, d_ff=shape.ff_size,
    )  # fmt: skip
    config = replace(config, model=described)
    check(config)
    check_adapters(config, model)
    if config.shards > 1 and shape.dropout:
        raise ConfigError(f"--base-model {path} has dropout, {shape.dropout}, whose random numbers --shards cannot cut")
    check_prompts(config, tokenizer, task_of(config))
    run = Run.create(config, {"run": str(path), "stage": FIRST, "model": True})
    tokenizer.save(run.folder)
    run.seal(TOKENIZER)
    done = {"stage": FIRST, "step": 0, "done": True, "seconds": 0.0, "cursor": {"chunk": 0, "batch": 0}}
    run.save(FIRST, model, {}, {**done, "dropout": model.dropout.generator.bit_generator.state})
    return run


def check_adapters(config: TrainConfig, model: GPT) -> None:
    """Raises ConfigError where the model lacks a matrix that --lora.matrices names."""
    names = sorted({last_name(entry) for entry in matrices_of(model)})
    for name in config.lora.matrices or ():
        if name not in names:
            raise ConfigError(f"--lora.matrices names {name}, which this model lacks; it has {', '.join(names)}")


def found(name: Path) -> Path:
    """The model's folder or file. One that is known by its name is fetched, where it is not here yet. Raises OSError
    where it cannot be downloaded."""
    return fetch(str(name), Path()) if str(name) in MODELS and not name.exists() else name


def begins_with_a_model(run: Run) -> bool:
    """Whether a run's first stage is a model that was given to it, which training cannot make again."""
    return bool(run.read_json("config.json").get("base", {}).get("model"))
