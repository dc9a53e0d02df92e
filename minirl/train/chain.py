"""The main job, from nothing to a report: tokenizer, pretraining, supervised fine-tuning, REINFORCE, evaluation.

`train(config)` is the whole chain. The chain itself keeps no state. Each link looks into the run's folder and does what
is missing there. So resuming a run is the same chain again, after rewind.py has removed what was left half-done.
"""

import time
from typing import NamedTuple

from minirl import kernels, tasks
from minirl.evaluation import forgetting_of_run
from minirl.evaluation.report import PAGE, REPORT, write_report
from minirl.evaluation.results import evaluate_run, show
from minirl.generate import encode_prompt, generate
from minirl.model import GPT
from minirl.runs import METRICS, RESULTS, SAMPLES, STAGE_NAMES, TOKENIZER, Run, Screen, TrainConfig, rl_task_of, task_of
from minirl.runs.command import command
from minirl.runs.presets import learns_nothing
from minirl.runs.ranks import check_ranks, say_shares, say_what_is_shared
from minirl.storage.checksums import DamagedError
from minirl.streams import stream_seed
from minirl.tasks import ROGER, Problem, Task
from minirl.tokenizer import Tokenizer
from minirl.tools import toolbox, whole_text
from minirl.train.adapting import adapt, has_adapters
from minirl.train.base_model import begins_with_a_model
from minirl.train.check import check, check_prompts
from minirl.train.lock import locked
from minirl.train.loop import run_stage
from minirl.train.machine import check_machine
from minirl.train.pretrain import PretrainStage, tokenizer_texts
from minirl.train.real_text import CorpusStage, corpus_tokenizer, with_steps
from minirl.train.reward import prepare
from minirl.train.rewind import rewind
from minirl.train.rl import RLStage
from minirl.train.sft import SFTStage
from minirl.train.stage import Stage

SAMPLE_TOKENS = 64
EXAMPLES = {"word problem": ROGER.question, "science question": "What is the Milky Way?"}
OWN_EXAMPLES = 2  # problems of a task of one's own that are shown in their place
SMOKE_NOTE = "smoke: checks that everything runs; the model learns nothing"


class Trained(NamedTuple):
    """A tokenizer that was just trained, and the seconds that took."""

    tokenizer: Tokenizer
    seconds: float


def train(config: TrainConfig, screen: Screen | None = None) -> Run:
    """Do the whole main job with a new run; returns the run. Raises ConfigError before anything is written."""
    config = with_steps(config)
    check(config)
    trained = train_tokenizer(config)
    run = Run.create(config)
    complete(run, screen or Screen(), trained)
    return run


def train_tokenizer(config: TrainConfig) -> Trained:
    """Train a run's tokenizer, or take its corpus's, before the run has a folder: so a run that is refused leaves no
    folder behind.

    Raises ConfigError where texts, as this tokenizer encodes them, do not fit into the context or into a batch.
    """
    began = time.perf_counter()
    task = task_of(config)
    if config.corpus:
        tokenizer = corpus_tokenizer(config)
    else:
        texts = tokenizer_texts(config, task)
        tokenizer = Tokenizer.train(texts, config.model.vocab_size, pattern=config.model.pattern)
    seconds = time.perf_counter() - began
    check_prompts(config, tokenizer, task)
    return Trained(tokenizer, seconds)


def complete(
    run: Run,
    screen: Screen,
    trained: Trained | None = None,
    *,
    accept_other_machine: bool = False,
    main_job: str = "",
) -> None:
    """Do what is left of a run: all of it, or the rest from where it was interrupted. trained: its tokenizer, if new.

    main_job: the command that a smoke run recommends in the end; default: `python -m minirl.train`.
    accept_other_machine: whether a run may go on where its numbers get other bits; otherwise that raises OtherMachine.
    Raises Stopped after Ctrl-C, TrainingError where training cannot continue, BusyError where another process trains
    this run, DamagedError for a damaged file that nothing can replace, OSError for a file that cannot be written.
    """
    with locked(run.folder):
        rewind(run, screen)
        if run.results() is None:  # there is something left to compute
            check_machine(run, screen, accept_other_machine)
            check_ranks(screen)
            say_what_is_shared(run.config.shards, screen)
        follow(run, screen, trained, main_job)


def follow(run: Run, screen: Screen, trained: Trained | None = None, main_job: str = "") -> None:
    """The chain, link by link."""
    config = run.config
    kernels.set_precision(config.precision)
    task = run.task()
    if learns_nothing(config):
        screen.say(SMOKE_NOTE)
    screen.say(f"run folder: {run.folder}")
    tokenizer = the_tokenizer(run, screen, trained)
    if begins_with_a_model(run):
        if run.state("pretrain") is None:
            raise DamagedError(
                f"the model that {run.folder} began with is lost: {run.folder / 'pretrain'} was damaged, and training "
                "cannot make it again; start a new run with --base-model"
            )
        model = run.model("pretrain")
        screen.say(f"model: {model.parameter_count():,} parameters, from {run.read_json('config.json')['base']['run']}")
    else:
        model = GPT(config.model.gpt(tokenizer.vocab_size), stream_seed(config.seed, "weights"), config.model.init_std)
    if run.state("pretrain") is None:
        screen.say(f"model: {model.parameter_count():,} parameters")
    for name in run.stages:
        state = run.state(name)
        if state is not None and state["done"]:
            model = run.model(name)
            model.dropout.generator.bit_generator.state = state["dropout"]
        else:
            if name == "rl":
                prepare(run, rl_task_of(config), tokenizer, screen)
            adapt(model.recompute(config.recompute), config, name)
            stage = make_stage(run, name, model, tokenizer, task)
            say_what_it_learns_from(stage, run, screen)
            run_stage(run, stage, screen)
            if has_adapters(model):
                model = run.model(name)  # merged, as it was saved
        for kind, question in examples(task).items():
            if not run.records(SAMPLES, kind="stage", stage=name, question=question):
                say(run, name, kind, question, model, tokenizer, screen)
    if run.results() is None:
        began = time.perf_counter()
        evaluation = config.evaluation
        if evaluation.forgetting and "rl" in run.stages:
            screen.say("measuring what the model has forgotten ...")
            forgetting_of_run.measure(run, tokenizer)
        results = evaluate_run(
            run, screen, stages=run.stages, problems=evaluation.problems, samples=evaluation.samples, seed=config.seed
        )
        run.append(METRICS, {"stage": "evaluate", "seconds": round(time.perf_counter() - began, 3)})
        run.write_json(RESULTS, results)
        say_shares(screen)
    show(run.results() or [], screen)
    forgetting_of_run.show(run, screen)
    write_report(run)
    say_what_next(run, screen, main_job)


# ---- the links of the chain ----


def the_tokenizer(run: Run, screen: Screen, trained: Trained | None) -> Tokenizer:
    """The run's tokenizer. Where the folder has none, the new one is saved; without a new one, it is trained here."""
    if not run.is_whole(TOKENIZER):
        tokenizer, seconds = trained or train_tokenizer(run.config)
        run.append(METRICS, {"stage": "tokenizer", "seconds": round(seconds, 3)})
        tokenizer.save(run.folder / TOKENIZER)
        run.seal(TOKENIZER)
        screen.say(f"tokenizer: {tokenizer.vocab_size} tokens")
    elif run.state("pretrain") is None:  # of a run that was interrupted early
        check_prompts(run.config, run.tokenizer(), run.task())
    return run.tokenizer()


def make_stage(run: Run, name: str, model: GPT, tokenizer: Tokenizer, task: Task) -> Stage:
    """The stage of this name; it trains `model`, as the stage before left it."""
    if name == "pretrain" and run.config.corpus:
        return CorpusStage(run.config, model, tokenizer)
    if name == "pretrain":
        return PretrainStage(run.config, model, tokenizer, task)
    if name == "sft":
        return SFTStage(run.config, model, tokenizer, task)
    return RLStage(run, model, tokenizer, rl_task_of(run.config), task)


def say_what_it_learns_from(stage: Stage, run: Run, screen: Screen) -> None:
    """Before the first update: of fine-tuning, which demonstrations are left out; of reinforcement learning, whether
    samples differ in reward."""
    if run.state(stage.name) is not None:
        return
    if isinstance(stage, SFTStage) and stage.left_out:
        screen.say(f"{stage.left_out} demonstrations are longer than the context and are left out")
    if not isinstance(stage, RLStage):
        return
    found = stage.preflight()
    text = str(found)
    if learns_nothing(run.config):  # advice to train longer would miss the point
        text = text.removesuffix(found.advice()) + "In a smoke run there is nothing to learn from, as expected."
    screen.say(text)


def comes_with_minirl(task: type[Task]) -> bool:
    """Whether the programs know a task by its name. One of a person's own is known only where its file is imported."""
    return task.__module__.startswith("minirl.tasks.")


def examples(task: Task) -> dict[str, str]:
    """By kind, the questions that the model answers after each stage: a word problem and a science question. For a task
    without science, or of one's own, they are the first problems of its split dev; a task of one's own that has science
    is asked about that too."""
    if comes_with_minirl(type(task)) and task.science:
        return EXAMPLES
    size = task.size("dev")
    problems = task.problems("dev", OWN_EXAMPLES if size is None else min(size, OWN_EXAMPLES))
    own = {f"problem {number} of dev": problem.question for number, problem in enumerate(problems, start=1)}
    return own | ({"science question": EXAMPLES["science question"]} if task.science else {})


def say(run: Run, stage: str, kind: str, question: str, model: GPT, tokenizer: Tokenizer, screen: Screen) -> None:
    """Show the model's greedy answer to an example, and keep it for the report. None where a task of one's own has a
    tokenizer that splits the example into more tokens than the model can read. The model may call the run's tools."""
    prompt = run.ask(Problem(question, "", "", question))
    if len(encode_prompt(tokenizer, prompt)) > model.config.context_length:
        return
    tools = toolbox(tokenizer, run.task().tools)
    (answer,) = generate(model, tokenizer, [prompt], temperature=0.0, max_new_tokens=SAMPLE_TOKENS, tools=tools)
    text = whole_text(tokenizer, answer.ids, answer.forced) if tools else answer.text
    shown = prompt if isinstance(prompt, str) else f"{question}\n"  # of a conversation the last message
    said = {"question": question, "prompt": shown, "completion": text, "finished": answer.finished}
    run.append(SAMPLES, {"kind": "stage", "stage": stage, **said})
    screen.sample(f"{kind}, after {STAGE_NAMES[stage]}", shown, text)


def say_what_next(run: Run, screen: Screen, main_job: str = "") -> None:
    """Where the report is, and commands to go on with. main_job: what a smoke run recommends; see `complete`.

    The programs import no file of a person's own. So for a task that does not come with minirl they are called from
    Python, where the task has been imported."""
    folder = run.folder
    screen.say("\nThe report, with curves and episodes:")
    screen.command(str(folder / REPORT))
    screen.say("The same as a page; open it in a browser:")
    screen.command(str(folder / PAGE))
    screen.say("Ask the model something:")
    screen.command(command("chat", folder))
    watch = ("trace", str(folder))
    compare = ("evaluate", "--compare", f"{folder}:rl", f"{folder}:{run.before_rl}")
    known = tasks.is_known(run.config.task)
    spell = command if known else called
    if not known:
        screen.say(
            f"\nOther programs do not know the task {run.config.task!r} unless its file is imported.\nPut a line "
            "from below into a Python file of your own, after the lines that\nimport and register the task."
        )
    screen.say("Watch it answer, token by token, with the probability of each:")
    screen.command(spell(*watch))
    if run.config.last_stage == "rl":
        screen.say("See what reinforcement learning changed, problem by problem:")
        screen.command(spell(*compare))
    if learns_nothing(run.config):
        screen.say(f"\n{SMOKE_NOTE}. Next, the main job:")
        screen.command(main_job or command("train"))


def called(program: str, *arguments: str) -> str:
    """`called("trace", "runs/mine")` is "import minirl.trace; minirl.trace.main(['runs/mine'])"."""
    return f"import minirl.{program}; minirl.{program}.main({list(arguments)!r})"
