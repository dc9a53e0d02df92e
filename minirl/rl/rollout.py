"""Rollouts: sampled episodes. mdp.play plays one; this plays all problems and samples at once, with a KV cache."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from minirl.generate import (
    Prompt,
    Sampling,
    Seed,
    Temperature,
    encode_prompt,
    generate_ids,
    known_tokens,
    needed_end_tokens,
)
from minirl.generate.prompts import usual_prompt
from minirl.generate.text import said_by
from minirl.kernels.int8 import INT8
from minirl.model import GPT
from minirl.rl.mdp import Episode, Reward, final_reward
from minirl.tasks.task import Problem, Task
from minirl.tools import Toolbox

if TYPE_CHECKING:
    from minirl.tokenizer import Tokenizer


def rollout(
    model: GPT,
    tokenizer: "Tokenizer",
    task: Task,
    problems: Sequence[Problem],
    samples: int,
    *,
    temperature: Temperature = 1.0,
    max_new_tokens: int = 64,
    seed: Seed = 0,
    slots: int = 256,
    tools: Toolbox | None = None,
    ask: Callable[[Problem], Prompt] = usual_prompt,
    reward: Reward | None = None,
) -> list[Episode]:
    """`samples` episodes of each problem, problem by problem: episode i belongs to problems[i // samples].

    Sample j of problem i takes its random numbers from row_stream(seed, i, j). An episode therefore does not depend on
    the other episodes, and equals what mdp.play returns with that stream. slots: the number of rows computed at once.
    tools: what the model may call. Results count against the context, so an episode with long ones may be cut off.
    ask: how a problem becomes a prompt: a text, ids or the messages of a conversation. reward: pays the episodes, in
    place of the task's checker; see mdp.Reward.

    Raises ValueError for a tokenizer without a token that ends answers, when the model's context is too short for a
    prompt and max_new_tokens, and for a model in int8: the update would take its episodes for the float32 model's own.
    """
    if any(parameter.dtype == INT8 for parameter in model.parameters()):
        raise ValueError(
            "rollout: the model's weights are held in int8, which changes its probabilities a little, and the update "
            "compares them with the float32 model's; draw the episodes from the model as it is trained"
        )
    prompts = [encode_prompt(tokenizer, ask(problem)) for problem in problems]
    longest, context = max(map(len, prompts), default=0), model.config.context_length
    if longest + max_new_tokens > context + 1:  # the last token is never read
        raise ValueError(
            f"rollout: the longest prompt has {longest} tokens, and {max_new_tokens} new ones do not fit into the "
            f"model's context length, {context}; set max_new_tokens to {max(context + 1 - longest, 0)} or less, or "
            "train a model with a longer context"
        )
    rule = Sampling(temperature, max_new_tokens=max_new_tokens)
    made = generate_ids(
        model, prompts, rule, needed_end_tokens(tokenizer), seed=seed, samples=samples, slots=slots,
        vocabulary=known_tokens(model, tokenizer), tools=tools,
    )  # fmt: skip
    rows = list(made)
    texts = [said_by(row, tokenizer, tools) for row in rows]
    paid = pay(task, reward, [problems[row.problem] for row in rows], texts, [row.finished for row in rows])
    return [
        Episode(problems[row.problem], row.prompt, row.ids, row.log_probs, r, row.finished, text, row.forced)
        for row, text, r in zip(rows, texts, paid, strict=True)
    ]


def pay(
    task: Task, reward: Reward | None, problems: Sequence[Problem], texts: Sequence[str], finished: Sequence[bool]
) -> list[float]:
    """The reward of each answer: the checker's, or that of `reward`, all at once where it can."""
    if reward is None:
        return [final_reward(task, *answer) for answer in zip(problems, texts, finished, strict=True)]
    many = getattr(reward, "many", None)
    if many is not None:
        return [float(r) for r in many(problems, texts, finished)]
    return [reward(*answer) for answer in zip(problems, texts, finished, strict=True)]
