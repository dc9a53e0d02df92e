"""A run's model under the microscope: let it answer one question, and record every step.

The best prompt to look at is an informative one: some of its samples are right and some wrong, so the advantage is not
0 and training would learn from it. Where no question is given, the run's dev problems are searched for one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from minirl import kernels, microscope
from minirl.autograd import Array
from minirl.generate import Schedule, Temperature, encode_prompt
from minirl.generate.temperature import always_zero
from minirl.microscope import Origin, Trace
from minirl.microscope.record import Valued
from minirl.rl.gae import episode_gae
from minirl.rl.mdp import Agent, Episode
from minirl.rl.ppo import kl_penalties, token_rewards
from minirl.rl.rollout import rollout
from minirl.rl.value import VALUE, make_critic, under
from minirl.runs.demonstrations import demonstrations, science_problems
from minirl.runs.folder import RunFolder
from minirl.tasks import ROGER, Problem, Task, get
from minirl.tasks.checker import parse_number
from minirl.tools import Toolbox, toolbox

UNKNOWN = "?"  # stands for an answer that was not given; no text is right then
INFORMATIVE, RUNNING_EXAMPLE = "informative", "roger"  # names that may stand for a question
SAMPLED = 16  # completions of a state
SEARCHED = 64  # problems of dev that are tried at most


def trace(
    run: RunFolder,
    question: str = INFORMATIVE,
    answer: str | None = None,
    *,
    stage: str | None = None,
    top: int = 5,
    temperature: Temperature = 1.0,
    samples: int | None = None,
    max_new_tokens: int | None = None,
    seed: int = 0,
    tools: Sequence[str] | None = None,
    values: str | None = None,
) -> Trace:
    """Let the run's model answer a question.

    question: "informative" takes the first dev problem whose samples got mixed rewards, "roger" our running example.
    answer: the right answer, a number or words, for reward and advantage. Without it the run's demonstrations, its dev
    problems and the science questions are searched for the same question. stage: "pretrain", "sft" or "rl"; by default
    the last one that has a checkpoint. top: how many of the most likely tokens each step shows. samples: episodes of
    the prompt, which the advantage compares; the first is shown. samples and max_new_tokens are by default those of the
    run's reinforcement learning. temperature: a number, or a Schedule over the steps. seed: of the actions.
    tools: names of what the model may call, by default those of the run's task. values: "learned" by the value function
    of a run with PPO, the default after its RL; "samples": 16 completions from each sentence; "none".
    Raises FileNotFoundError without a checkpoint, ValueError for a question that is empty or does not fit into the
    context, and for a number out of its range.
    """
    if not question.strip():
        raise ValueError(f"the question is empty; write one, or {INFORMATIVE} or {RUNNING_EXAMPLE}")
    if answer is not None and not answer.strip():
        raise ValueError("the answer is empty; write a number or words, or leave it out")
    if seed < 0:
        raise ValueError(f"seed is {seed}; give 0 or more")
    if not isinstance(temperature, Schedule) and not 0 <= temperature < float("inf"):
        raise ValueError(f"temperature is {temperature}; give 0 or more")
    with kernels.using_precision(run.config.precision):
        stage = stage or run.last_stage()
        agent = Agent(run.model(stage), run.tokenizer(), temperature)
        samples = run.config.rl.samples if samples is None else samples
        box = toolbox(agent.tokenizer, run.task().tools if tools is None else tools)
        if question == INFORMATIVE and answer is None:
            task, problem, chosen = find_informative(run, agent, samples, max_new_tokens, seed, box)
        else:
            (task, problem), chosen = find_problem(run, question, answer), ""
        return microscope.record(
            agent, task, problem, samples=samples,
            max_new_tokens=room(run, agent, problem) if max_new_tokens is None else max_new_tokens,
            kind=run.config.rl.advantage, seed=seed, top=top, known=problem.answer != UNKNOWN, tools=box,
            ask=run.ask, valued=value_of_steps(run, agent, task, stage, values),
            origin=Origin(run.folder.resolve().name, stage, temperature, seed, chosen),
        )  # fmt: skip


def value_of_steps(run: RunFolder, agent: Agent, task: Task, stage: str, kind: str | None) -> Valued | None:
    """What shows V, advantage and reward of each step; None where nothing does.

    Raises ValueError for another kind, and for "learned" where the run has no value function of its own."""
    config = run.config.rl
    has_own = stage == "rl" and config.method == "ppo" and config.value in ("head", "network")
    kind = kind or ("learned" if has_own else "none")
    if kind not in ("learned", "samples", "none") or (kind == "learned" and not has_own):
        raise ValueError(
            f"values are {kind!r}, but {run.folder} after {stage} has no learned value function; give samples or none"
        )
    if kind == "none":
        return None
    if kind == "samples":
        config = replace(config, value="monte_carlo", value_samples=SAMPLED, gae_lambda=0.0)
    critic = make_critic(config, agent.model, lambda: run.model(run.before_rl), agent.tokenizer, task, run.config.seed)
    if kind == "learned":
        critic.load_arrays(under(VALUE, run.load_optimizer("rl")))

    def valued(episode: Episode) -> tuple[Array, Array, Array]:
        seen = critic.look(agent.model, [episode], config)
        in_reward = config.method == "ppo" and config.kl > 0 and config.kl_place == "reward"
        penalties = kl_penalties(run.model(run.before_rl), [episode], config) if in_reward else None
        (rewards,) = token_rewards([episode], penalties)
        A = episode_gae(rewards, seen.values[0], seen.decisions[0], config.gamma, config.gae_lambda)
        return seen.values[0], A, rewards

    return valued


def room(run: RunFolder, agent: Agent, problem: Problem) -> int:
    """The longest answer, in tokens: that of the run's reinforcement learning, or what the context has room for."""
    left = agent.model.config.context_length + 1 - len(encode_prompt(agent.tokenizer, run.ask(problem)))
    return max(1, min(run.config.rl.max_new_tokens, left))


def find_informative(
    run: RunFolder, agent: Agent, samples: int, max_new_tokens: int | None, seed: int, tools: Toolbox | None = None
) -> tuple[Task, Problem, str]:
    """The first dev problem whose samples got mixed rewards, and a sentence that says so. The samples are those of
    `microscope.record`. Where there is no such problem, it is the first one."""
    task = run.task()
    problems = list(fitting(run, agent, task, max_new_tokens))
    if not problems:
        raise ValueError(
            f"no dev problem of {task.name} fits into the model's context length, "
            f"{agent.model.config.context_length}, together with {max_new_tokens or 1} new tokens"
        )
    first = problems[0]
    if always_zero(agent.temperature) or samples < 2:
        return task, first, "The first dev problem. With one sample no prompt is informative."
    for number, problem in enumerate(problems):
        length = room(run, agent, problem) if max_new_tokens is None else max_new_tokens
        episodes = rollout(
            agent.model, agent.tokenizer, task, [problem], samples,
            temperature=agent.temperature, max_new_tokens=length, seed=seed, tools=tools,
            ask=run.ask,
        )  # fmt: skip
        rewards = [episode.reward for episode in episodes]
        if len(set(rewards)) > 1:
            right = sum(reward > 0 for reward in rewards)
            return task, problem, (
                f"Dev problem {number}, the first informative one: {right} of {samples} episodes right."
            )  # fmt: skip
    return task, first, (
        f"The first dev problem. None of {len(problems)} was informative: each got the same reward {samples} times."
    )  # fmt: skip


def fitting(run: RunFolder, agent: Agent, task: Task, max_new_tokens: int | None) -> Iterator[Problem]:
    """The first dev problems that fit into the model's context, with room for an answer."""
    size = task.size("dev")
    for problem in task.problems("dev", SEARCHED if size is None else min(SEARCHED, size)):
        used = len(encode_prompt(agent.tokenizer, run.ask(problem))) + (max_new_tokens or 1)
        if used <= agent.model.config.context_length + 1:
            yield problem


def find_problem(run: RunFolder, question: str, answer: str | None) -> tuple[Task, Problem]:
    """The problem, and a task whose checker can judge answers to it. Without an answer the run's own problems are
    searched for the question; where it is not among them the answer is UNKNOWN."""
    if question == RUNNING_EXAMPLE:
        question = ROGER.question
    if answer is None and question == ROGER.question:
        answer = ROGER.answer
    if answer is not None:
        return checked_by(answer), Problem(question, "", answer, question)
    own, science = run.task(), get("science")
    known = [(own, problem) for problem in demonstrations(run.config, own)]
    known += [(own, problem) for problem in own.problems("dev", run.config.evaluation.dev_problems)]
    known += [(science, problem) for problem in science_problems()]
    found = (pair for pair in known if pair[1].question == question)
    return next(found, (science, Problem(question, "", UNKNOWN, question)))


def checked_by(answer: str) -> Task:
    """A task whose checker can judge this answer: by number, or by words."""
    return get("science" if parse_number(answer) is None else "word_problems")
