"""The report's words on our running example, Roger's tennis balls: before and after RL, and in other wordings."""

from collections.abc import Mapping, Sequence
from typing import Any

from minirl.evaluation.content import Beside, Block, Code, Listed, Reply, Section, paragraph
from minirl.evaluation.model import Model
from minirl.evaluation.problem_sets import REWORDED, reworded
from minirl.evaluation.score import Outcome
from minirl.rl.mdp import final_reward
from minirl.runs import STAGE_NAMES, Run
from minirl.runs.command import command
from minirl.tasks import ROGER, WordProblems

Samples = Sequence[Mapping[str, Any]]


def before_and_after(run: Run, samples: Samples) -> list[Section]:
    """The answers after SFT and after RL side by side; of a run without these, the answer after its last stage."""
    replies = own_replies(samples)
    shown = [replies[stage] for stage in ("sft", "rl") if stage in replies] or list(replies.values())[-1:]
    if not shown:
        return []
    text = f"{ROGER.question} (The right answer is {ROGER.answer}.)"
    if run.config.task != WordProblems.name:
        text += f" It is not a problem of this run's task, {run.config.task}."
    return [Section("Roger's tennis balls, our running example", [paragraph(text), Beside(shown)])]


def in_other_words(run: Run, samples: Samples, results: Sequence[Mapping[str, Any]]) -> list[Section]:
    """Each of the other wordings with the answer after the last stage; nothing where the run was not asked them."""
    stage = run.stages[-1]
    if not any((entry["split"], entry["stage"]) == (REWORDED, stage) for entry in results):
        return []
    chosen, after = reworded(run), f"after {STAGE_NAMES[stage]}"
    blocks: list[Block] = []
    outcomes = Model(run, stage).solved(chosen)
    if outcomes is None:
        folder = run.folder
        blocks.append(paragraph(
            "The answers are not kept in this folder, or were given on another kind of machine. To see them here: ",
            Code(command("evaluate", folder)), ", then ", Code(command("report", folder)), ".",
        ))  # fmt: skip
    else:
        right = sum(outcome.solved for outcome in outcomes)
        about = "They change names, things and sentences, and ask for the same calculation, 5 + 2 * 3 = 11."
        told = f"{after.capitalize().replace('rl', 'RL').replace('sft', 'SFT')} the model solves {right} of "
        told += f"{len(outcomes)} wordings that training never shows. {about}"
        blocks += [paragraph(told), Listed("question", f"answer {after}", [reply(outcome) for outcome in outcomes])]
    if own := own_replies(samples).get(stage):
        label = ROGER.question
        blocks += [
            paragraph("The original, and how the model reasons about it:"),
            Listed("question", f"answer {after}", [Reply(label, own.text, own.right, own.finished)]),
        ]
    return [Section("The running example in other words", blocks)]


def own_replies(samples: Samples) -> dict[str, Reply]:
    """The answer to Roger's own problem after each stage. Earlier versions did not note whether it was finished."""
    task, replies = WordProblems(), {}
    for sample in samples:
        if sample["kind"] == "stage" and sample["question"] == ROGER.question:
            text, finished, stage = sample["completion"], sample.get("finished", True), sample["stage"]
            right = final_reward(task, ROGER, text, finished) == 1
            replies[stage] = Reply(f"After {STAGE_NAMES[stage]}", text.strip(), right, finished)
    return replies


def reply(outcome: Outcome) -> Reply:
    """The greedy answer to a problem."""
    greedy = outcome.attempt.greedy
    return Reply(outcome.problem.question, greedy.text.strip(), outcome.solved, greedy.finished)
