"""Configurations that cannot work, found before anything is computed, each with what to change and the valid values."""

from collections.abc import Sequence

from minirl import tasks
from minirl.evaluation.problem_sets import test_splits
from minirl.runs import TrainConfig
from minirl.tasks import END, Task
from minirl.tasks.corpus import pretraining_documents
from minirl.tokenizer import DEFAULT_SPECIAL_TOKENS, Tokenizer

PROMPTS_LOOKED_AT = 200  # of each split, where problems are made up; all of a dataset's
DOCUMENTS_LOOKED_AT = 2000


class ConfigError(ValueError):
    """Settings that do not fit together, and what to change."""


def check(config: TrainConfig) -> None:
    """Raises ConfigError naming the first setting, by its flag, that cannot work; FileNotFoundError for a dataset that
    is not on this machine."""
    positive = {
        "--pretrain.steps": config.pretrain.steps,
        "--pretrain.batch-tokens": config.pretrain.batch_tokens,
        "--pretrain.micro-rows": config.pretrain.micro_rows,
        "--sft.demonstrations": config.sft.demonstrations,
        "--sft.epochs": config.sft.epochs,
        "--sft.batch-rows": config.sft.batch_rows,
        "--sft.micro-rows": config.sft.micro_rows,
        "--rl.steps": config.rl.steps,
        "--evaluation.problems": config.evaluation.problems,
        "--evaluation.samples": config.evaluation.samples,
        "--evaluation.dev-problems": config.evaluation.dev_problems,
        "--evaluation.max-new-tokens": config.evaluation.max_new_tokens,
        "--evaluation.science-tokens": config.evaluation.science_tokens,
    }
    for flag, value in positive.items():
        if value < 1:
            raise ConfigError(f"{flag} is {value}; give 1 or more")
    for name, stage in (("pretrain", config.pretrain), ("sft", config.sft), ("rl", config.rl)):
        if not stage.learning_rate > 0 or not stage.max_norm > 0:
            raise ConfigError(
                f"--{name}.learning-rate is {stage.learning_rate} and --{name}.max-norm {stage.max_norm}; give both "
                "more than 0"
            )
        if not (0 <= stage.beta1 < 1 and 0 <= stage.beta2 < 1):
            raise ConfigError(f"--{name}.beta1 and beta2 are {stage.beta1} and {stage.beta2}; both lie in [0, 1)")
    if config.rl.rehearsal < 0 or not 0 <= config.rl.rehearsal_weight < float("inf"):
        raise ConfigError(
            f"--rl.rehearsal is {config.rl.rehearsal} and --rl.rehearsal-weight {config.rl.rehearsal_weight}; give "
            "0 or more, 0 being no rehearsal"
        )
    smallest = 256 + len(DEFAULT_SPECIAL_TOKENS)
    if config.model.vocab_size < smallest:
        raise ConfigError(
            f"--model.vocab-size is {config.model.vocab_size}; 256 bytes and {len(DEFAULT_SPECIAL_TOKENS)} special "
            f"tokens need at least {smallest}"
        )
    if config.task not in tasks.TASKS:
        raise ConfigError(f"--task is {config.task!r}; choose one of {', '.join(sorted(tasks.TASKS))}")
    try:
        config.model.gpt(config.model.vocab_size)
    except ValueError as error:
        raise ConfigError(f"--model: {error}") from None
    check_sizes(config, tasks.get(config.task))


def check_sizes(config: TrainConfig, task: Task) -> None:
    """Raises ConfigError where a split does not hold as many problems as are asked for."""
    wanted = [
        ("--sft.demonstrations", config.sft.demonstrations, "train"),
        ("--evaluation.dev-problems", config.evaluation.dev_problems, "dev"),
        *(("--evaluation.problems", config.evaluation.problems, split) for split in test_splits(task)),
    ]
    for flag, n, split in wanted:
        size = task.size(split)
        if size is not None and n > size:
            raise ConfigError(
                f"{flag} is {n}, but the split {split} of {task.name} holds {size} problems; give no more"
            )


def check_prompts(config: TrainConfig, tokenizer: Tokenizer, task: Task) -> None:
    """Raises ConfigError where a prompt and its answer do not fit into the context, or what pretraining and fine-tuning
    read does not fit into it or into a batch."""
    context = config.model.context_length
    sizes = {split: task.size(split) for split in ("train", "dev")}  # the final table counts what it cannot read
    problems = {split: task.problems(split, size or PROMPTS_LOOKED_AT) for split, size in sizes.items()}
    longest = longest_text(tokenizer, [problem.prompt for listed in problems.values() for problem in listed])
    for flag, new in (
        ("--rl.max-new-tokens", config.rl.max_new_tokens),
        ("--evaluation.max-new-tokens", config.evaluation.max_new_tokens),
    ):
        if new > context - longest:
            raise ConfigError(
                f"{flag} is {new}, but prompts have up to {longest} tokens and --model.context-length is "
                f"{context}: give at most {max(context - longest, 0)} new tokens, or a context length of "
                f"{longest + new} or more"
            )
    texts = [problem.prompt + problem.completion for problem in problems["train"]]
    if sizes["train"] is None:
        documents = pretraining_documents(task, DOCUMENTS_LOOKED_AT)
        texts += ["".join(text for text, _ in pieces) for pieces in documents]
    longest = longest_text(tokenizer, [text.removesuffix(END) for text in texts]) + 1
    for flag, room in (
        ("--model.context-length", context),
        ("--pretrain.batch-tokens", config.pretrain.batch_tokens),
    ):
        if room < longest:
            raise ConfigError(
                f"{flag} is {room}, but what is read about {task.name} has up to {longest} tokens at once; "
                f"give {longest} or more"
            )


def longest_text(tokenizer: Tokenizer, texts: Sequence[str]) -> int:
    """The tokens of the longest text."""
    return max(map(len, tokenizer.encode_batch_arrays(texts)))
