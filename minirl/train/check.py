"""Configurations that cannot work, found before anything is computed, each with what to change and the valid values."""

from minirl import tasks
from minirl.tasks import Task
from minirl.tokenizer import DEFAULT_SPECIAL_TOKENS, Tokenizer
from minirl.train.config import TrainConfig

PROMPTS_LOOKED_AT = 200


class ConfigError(ValueError):
    """Settings that do not fit together, and what to change."""


def check(config: TrainConfig) -> None:
    """Raises ConfigError naming the first setting, by its flag, that cannot work."""
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


def check_prompts(config: TrainConfig, tokenizer: Tokenizer, task: Task) -> None:
    """Raises ConfigError where a prompt and its answer do not fit into the context, or the vocabulary is another."""
    problems = task.problems("train", PROMPTS_LOOKED_AT)
    longest = max(len(tokenizer.encode(problem.prompt)) for problem in problems)
    room = config.model.context_length - longest
    for flag, new in (
        ("--rl.max-new-tokens", config.rl.max_new_tokens),
        ("--evaluation.max-new-tokens", config.evaluation.max_new_tokens),
    ):
        if new > room:
            raise ConfigError(
                f"{flag} is {new}, but prompts have up to {longest} tokens and --model.context-length is "
                f"{config.model.context_length}: give at most {max(room, 0)} new tokens, or a context length of "
                f"{longest + new} or more"
            )
