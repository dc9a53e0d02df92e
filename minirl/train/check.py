"""Settings that cannot work are refused before anything is written, each with the value seen and what to change."""

import os
from collections.abc import Sequence
from pathlib import Path

from minirl import kernels, tasks
from minirl.data import encode_documents
from minirl.evaluation.problem_sets import test_splits
from minirl.generate import encode_prompt
from minirl.model.memory import activation_bytes, total_memory
from minirl.runs import PRESETS, STAGES, TrainConfig, rl_task_of, task_of, to_json
from minirl.runs.config import settings
from minirl.runs.limits import ConfigError, check_numbers
from minirl.tasks import Problem, Task
from minirl.tasks.corpus import pretraining_documents
from minirl.tasks.mixture import is_mixture
from minirl.tasks.own import is_own
from minirl.tokenizer import Tokenizer
from minirl.tokenizer.pretokenize import resolve
from minirl.tools import TOOLS

PROMPTS_LOOKED_AT = 200  # of each split, where problems are generated; a dataset's are all looked at
DOCUMENTS_LOOKED_AT = 2000
LEFT_OUT = 0.02  # this share of a dataset's problems may be too long for a model that was pretrained on a corpus
SHOWN = 60  # characters of a text that is too long
ROUND = 64  # suggested lengths are multiples of this
SIZES = (  # settings that take memory
    "--model.", "--pretrain.micro-tokens", "--sft.demonstrations", "--evaluation.", "--rl.prompts", "--rl.samples",
)  # fmt: skip
LONGEST_NAME = 200  # bytes; file systems allow 255, and -2, -3, ... may follow


def check(config: TrainConfig) -> None:
    """Raises ConfigError naming the first setting, by its flag, that cannot work; FileNotFoundError for a dataset that
    is not on this machine."""
    check_place(config)
    check_values(config)


def check_values(config: TrainConfig) -> None:
    """Like `check`, for a run that has its folder already."""
    check_numbers(dict(settings(to_json(config))))
    if config.precision == "tf32" and kernels.backend() == "native":
        raise ConfigError("--precision tf32 is for GPUs, with --backend cuda", {"--precision": "float32"})
    check_task("--task", config.task)
    if config.rl.task:
        check_task("--rl.task", config.rl.task)
    for name in config.tools or ():
        if name not in TOOLS:
            known = ", ".join(sorted(TOOLS))
            raise ConfigError(f"--tools: no tool that a run can learn to call is named {name!r}; there are {known}")
    try:
        resolve(config.model.pattern)
    except ValueError as error:
        raise ConfigError(f"--model.pattern: {error}") from None
    try:
        config.model.gpt(config.model.vocab_size)
    except ValueError as error:
        raise ConfigError(f"--model: {error}") from None
    check_rehearsal(config)
    check_shards(config)
    check_memory(config)
    check_sizes(config, task_of(config))
    if config.rl.task:
        rl_task_of(config).size("train")


def check_task(flag: str, name: str) -> None:
    """Raises ConfigError for a task that there is not, or one of a person's own that cannot be used."""
    if name not in tasks.TASKS and not is_own(name) and not is_mixture(name):
        raise ConfigError(
            f"{flag} is {name!r}; choose one of {', '.join(sorted(tasks.TASKS))}, a file of your own, my.jsonl, "
            "module:Class, or several with weights, gsm8k:2,strategyqa"
        )
    try:
        tasks.get(name)
    except ValueError as error:
        raise ConfigError(f"{flag}: {error}") from None


def check_rehearsal(config: TrainConfig) -> None:
    """Raises ConfigError for kinds of rehearsal that exclude each other, and for stages that leave nothing to do."""
    rl = config.rl
    if rl.own_answers and (rl.rehearsal or rl.rehearsal_texts):
        raise ConfigError(
            "--rl.own-answers rehearses what the model said itself, in the place of demonstrations and texts",
            {"--rl.rehearsal": 0, "--rl.rehearsal-texts": 0},
        )
    if rl.own_answers > rl.own_pool:
        raise ConfigError(f"--rl.own-answers is {rl.own_answers}, more than --rl.own-pool, {rl.own_pool}")
    if not rl.own_sharpening <= 1:
        raise ConfigError(f"--rl.own-sharpening is {rl.own_sharpening}; it is a share, so give 0 to 1")
    if config.last_stage == "sft" and not config.sft.epochs:
        raise ConfigError("--sft.epochs is 0, so --last-stage sft leaves nothing to do")


def check_shards(config: TrainConfig) -> None:
    """Raises ConfigError for a number of shards that no binary tree has."""
    if config.shards & (config.shards - 1):
        below = 1 << (config.shards.bit_length() - 1)
        raise ConfigError(f"--shards is {config.shards}, which is no power of two", {"--shards": 2 * below})
    if kernels.backend() == "cuda" and (config.shards > 1 or config.diloco.inner_steps):
        raise ConfigError(
            "shards and DiLoCo share out the work of processors; a GPU takes a run as a whole",
            {"--shards": 1, "--diloco.inner-steps": 0},
        )
    for name in STAGES:
        shared = config.shards > 1 or (name == "pretrain" and config.diloco.inner_steps)
        if shared and getattr(config, name).optimizer != "adamw":
            raise ConfigError(
                "shards and DiLoCo share out AdamW, whose state can be cut anywhere; Muon needs whole matrices",
                {f"--{name}.optimizer": "adamw"},
            )


def check_place(config: TrainConfig) -> None:
    """Raises ConfigError where the run's folder cannot be made: for a name that leads elsewhere, or no permission."""
    name = config.name
    if (
        name in ("", ".", "..")
        or not name.isprintable()
        or {"/", "\\"} & set(name)
        or len(name.encode()) > LONGEST_NAME
    ):
        raise ConfigError(
            f"--name is {name!r}; give a plain name without slashes, such as roger-2, of at most {LONGEST_NAME} bytes"
        )
    if "\0" in config.runs:
        raise ConfigError(f"--runs is {config.runs!r}; no path holds the character NUL")
    folder = Path(config.runs)
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if not existing.is_dir():
        raise ConfigError(f"--runs is {config.runs}, but {existing} is a file; give a folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise ConfigError(f"--runs is {config.runs}, but {existing} is not writable; give another folder")


def check_memory(config: TrainConfig) -> None:
    """Raises ConfigError for sizes that need more memory than the machine has, by a rough estimate."""
    total = total_memory()
    needed = memory_needed(config)
    if total is not None and needed > total:
        usual = dict(settings(to_json(PRESETS["roger"])))
        sizes = {
            flag: value for flag, value in settings(to_json(config))
            if flag.startswith(SIZES)
            and isinstance(value, int) and not isinstance(value, bool)
        }  # fmt: skip
        largest = max(sizes, key=lambda flag: sizes[flag] / usual[flag])
        raise ConfigError(
            f"these settings need about {needed / 1e9:,.0f} GB of memory, but this machine has {total / 1e9:,.0f} GB; "
            f"lower {largest}, which is {sizes[largest]}"
        )


def memory_needed(config: TrainConfig) -> int:
    """Bytes, roughly: of the model while it trains, of one pass of pretraining, of one document as long as the context,
    of the problems."""
    gpt = config.model.gpt(config.model.vocab_size)
    weights = 20 * gpt.parameter_count()  # float32: weights, gradient, two moments of AdamW, the policy before RL
    context = 4 * gpt.context_length * (gpt.head_size + 2 * gpt.n_layer * gpt.d_model)  # RoPE tables, keys and values
    evaluation, rl = config.evaluation, config.rl
    texts = evaluation.problems * (2 + evaluation.samples) + evaluation.dev_problems + rl.prompts * rl.samples
    pretrain = config.pretrain
    one_pass = activation_bytes(gpt, min(pretrain.micro_tokens, pretrain.batch_tokens))
    return (
        weights + one_pass + context + 1000 * (texts + config.sft.demonstrations)
    )  # bytes of a problem and its answer


def check_sizes(config: TrainConfig, task: Task) -> None:
    """Raises ConfigError where a split holds fewer problems than are asked for."""
    wanted = [
        ("--sft.demonstrations", config.sft.demonstrations, "train"),
        ("--evaluation.dev-problems", config.evaluation.dev_problems, "dev"),
        *(("--evaluation.problems", config.evaluation.problems, split) for split in test_splits(task)),
    ]  # a mixture's tasks are asked for as many as they have
    for flag, n, split in wanted:
        size = task.size(split)
        if size is not None and n > size:
            raise ConfigError(
                f"{flag} is {n}, but the split {split} of {task.name} holds {size} problems", {flag: size}
            )


def check_prompts(config: TrainConfig, tokenizer: Tokenizer, task: Task) -> None:
    """Raises ConfigError where the context is too short for prompts with their answers, or for the texts that training
    reads; or where a batch is too small for one text.

    How long texts are depends on the tokenizer, so this comes after it is trained.
    """
    check_form(config, tokenizer)
    sizes = {split: task.size(split) for split in ("train", "dev")}  # the final table counts what it cannot read
    problems = {split: task.problems(split, size or PROMPTS_LOOKED_AT) for split, size in sizes.items()}
    if config.form != "reasoning":
        check_asked(config, tokenizer, task, [problem for listed in problems.values() for problem in listed])
        return
    prompt = longest(tokenizer, [problem.prompt for listed in problems.values() for problem in listed])
    solved = [[(problem.prompt, 0.0), *problem.solution] for problem in problems["train"]]
    solution = max(int((document.weights > 0).sum()) for document in encode_documents(tokenizer, solved))
    texts = [*solved, *(pretraining_documents(task, DOCUMENTS_LOOKED_AT) if sizes["train"] is None else ())]
    lengths = [len(document.ids) for document in encode_documents(tokenizer, texts)]
    context, batch = config.model.context_length, config.pretrain.batch_tokens
    if config.corpus:  # pretraining does not read them, and fine-tuning leaves out what is too long
        fitting = [length for length in lengths if length <= context]
        lengths = fitting if len(fitting) >= (1 - LEFT_OUT) * len(lengths) else lengths
    text = max(lengths)

    answers = {
        "--rl.max-new-tokens": config.rl.max_new_tokens,
        "--evaluation.max-new-tokens": config.evaluation.max_new_tokens,
    }
    flag, answer = max(answers.items(), key=lambda item: item[1])
    problem, changes = [], dict[str, int]()
    if context < max(prompt + answer, text):
        length = f"prompts have up to {prompt} tokens and answers up to {answer} ({flag})"
        if context >= prompt + answer:
            length = f"training texts have up to {text} tokens"
        problem.append(f"{length}, but --model.context-length is {context}")
        changes = {flag: rounded(solution) for flag, value in answers.items() if value < solution}
        changes["--model.context-length"] = rounded(max(prompt + max(answer, *changes.values(), 0), text))
    if batch < text:
        problem.append(f"training texts have up to {text} tokens, but --pretrain.batch-tokens is {batch}")
        changes["--pretrain.batch-tokens"] = rounded(text)
    if problem:
        place, told = lengths.index(text), ""
        if any("texts" in one for one in problem):
            kind = "problem of train" if place < len(problems["train"]) else "document of pretraining"
            told = f". The longest is a {kind}, {beginning(''.join(piece for piece, _ in texts[place]))!r}"
        raise ConfigError(f"task {task.name}: {'; '.join(problem)}{told}", changes)


def check_form(config: TrainConfig, tokenizer: Tokenizer) -> None:
    """Raises ConfigError where the form of the prompts, the worked examples and the model do not go together."""
    if config.form == "chat" and tokenizer.conventions.chat_template is None:
        raise ConfigError(
            "--form chat asks in a model's own chat format, and there is no chat template: give --base-model and a "
            "chat model, or --form few_shot"
        )
    if config.shots and config.form not in ("few_shot", "chat"):
        raise ConfigError(f"--shots is {config.shots}, and --form {config.form} shows none", {"--form": "few_shot"})
    if config.form == "few_shot" and not config.shots:
        raise ConfigError("--form few_shot shows worked examples, and there are none", {"--shots": 4})


def check_asked(config: TrainConfig, tokenizer: Tokenizer, task: Task, problems: Sequence[Problem]) -> None:
    """Raises ConfigError where a prompt of the run's form and its answer do not fit into the context."""
    shots = task.shots(config.shots)
    asked = [task.prompt(problem, config.form, shots=shots) for problem in problems]
    prompt = max(len(encode_prompt(tokenizer, one)) for one in asked)
    answer = max(config.rl.max_new_tokens, config.evaluation.max_new_tokens)
    if prompt + answer > config.model.context_length:
        raise ConfigError(
            f"prompts have up to {prompt} tokens and answers up to {answer}, but the model reads "
            f"{config.model.context_length}; give fewer --shots or a smaller --rl.max-new-tokens"
        )


def longest(tokenizer: Tokenizer, texts: Sequence[str]) -> int:
    """Tokens of the longest text."""
    return max(map(len, tokenizer.encode_batch_arrays(texts)))


def beginning(text: str) -> str:
    """The first SHOWN characters of a text, up to the end of a word."""
    return text if len(text) <= SHOWN else text[:SHOWN].rpartition(" ")[0] + " ..."


def rounded(length: int) -> int:
    """The length, rounded up to a multiple of ROUND."""
    return -(-length // ROUND) * ROUND
