"""A run's model under the microscope: let it answer one question, and record every step."""

from minirl import kernels, microscope
from minirl.microscope import Trace
from minirl.rl.mdp import Agent
from minirl.runs.demonstrations import demonstrations, science_problems
from minirl.runs.folder import RunFolder
from minirl.tasks import ROGER, Problem, Task, get
from minirl.tasks.checker import parse_number

UNKNOWN = "?"  # stands for an answer that was not given; no text is right then


def trace(
    run: RunFolder,
    question: str = ROGER.question,
    answer: str | None = None,
    *,
    stage: str | None = None,
    top: int = 5,
    temperature: float = 1.0,
    samples: int | None = None,
    max_new_tokens: int | None = None,
    seed: int = 0,
) -> Trace:
    """Let the run's model answer a question.

    answer: the right answer, a number or words, for reward and advantage. Without it the run's demonstrations, its dev
    problems and the science questions are searched for the same question. stage: "pretrain", "sft" or "rl"; by default
    the last one that has a checkpoint. top: how many of the likeliest tokens each step shows. samples: episodes of the
    prompt, which the advantage compares; the first is shown. samples and max_new_tokens are by default those of the
    run's reinforcement learning. seed: of the actions.
    Raises FileNotFoundError without a checkpoint, ValueError for a question that does not fit into the context.
    """
    with kernels.using_precision(run.config.precision):
        agent = Agent(run.model(stage), run.tokenizer(), temperature)
        task, problem = find_problem(run, question, answer)
        settings = run.config.rl
        room = agent.model.config.context_length + 1 - len(agent.tokenizer.encode(problem.prompt))
        return microscope.record(
            agent, task, problem,
            samples=samples or settings.samples,
            max_new_tokens=max_new_tokens or max(1, min(settings.max_new_tokens, room)),
            kind=settings.advantage, seed=seed, top=top, known=problem.answer != UNKNOWN,
        )  # fmt: skip


def find_problem(run: RunFolder, question: str, answer: str | None) -> tuple[Task, Problem]:
    """The problem, and a task whose checker can judge answers to it. Without an answer the run's own problems are
    searched for the question; where it is not among them the answer is UNKNOWN."""
    if answer is None and question == ROGER.question:
        answer = ROGER.answer
    if answer is not None:
        return checked_by(answer), Problem(question, "", answer, question)
    own, science = get(run.config.task), get("science")
    known = [(own, problem) for problem in demonstrations(run.config, own)]
    known += [(own, problem) for problem in own.problems("dev", run.config.evaluation.dev_problems)]
    known += [(science, problem) for problem in science_problems()]
    found = (pair for pair in known if pair[1].question == question)
    return next(found, (science, Problem(question, "", UNKNOWN, question)))


def checked_by(answer: str) -> Task:
    """A task whose checker can judge this answer: by number, or by words."""
    return get("science" if parse_number(answer) is None else "word_problems")
