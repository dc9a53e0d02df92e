"""The report's words on a run as a whole: what was trained, how, what reinforcement learning changed, where it ran."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from minirl.evaluation.content import Paragraph, Strong, paragraph
from minirl.evaluation.problem_sets import headline_split
from minirl.runs import CONFIG, STAGE_NAMES, Run
from minirl.runs.environment import difference
from minirl.runs.presets import learns_nothing
from minirl.tasks import WordProblems

METHODS = {"reinforce": "REINFORCE", "expert_iteration": "expert iteration", "ppo": "PPO", "dpo": "online DPO"}

REWARDS = {
    "answer": "reward 1 for a correct final answer, else 0",
    "reasoning": "reward 1 for a correct final answer whose equations are all true and lead to it, else 0",
    "model": "the reward comes from a model that learned from pairs of answers",
}


def lead(run: Run, results: Sequence[Mapping[str, Any]]) -> Paragraph:
    """The report's first sentence: what was trained, and what reinforcement learning changed."""
    model, task = run.config.model, run.config.task
    aim = "to solve word problems" if task == WordProblems.name else f"on the task {task}"
    who = f"A transformer of {count(model.n_layer, 'layer')} and width {model.d_model} was trained {aim}"
    note = ""
    if learns_nothing(run.config):
        note = " Its pretraining is so short that it learns nothing: the run only checks that everything works."
    split = headline_split(results)
    solved = {entry["stage"]: f"{100 * entry['greedy']['value']:.1f}%" for entry in results if entry["split"] == split}
    if not solved:
        return paragraph(f"{who}. It has not been evaluated yet.{note}")
    last = next(stage for stage in reversed(STAGE_NAMES) if stage in solved)
    if last == "rl" and run.before_rl in solved:
        before = (Strong(f"{solved[run.before_rl]} of the {split} problems before reinforcement learning"), ", ")
        return paragraph(f"{who}. It solved ", *before, Strong(f"{solved['rl']} after"), f".{note}")
    return paragraph(f"{who}. After {STAGE_NAMES[last]} it solves ",
                     Strong(f"{solved[last]} of the {split} problems"), f".{note}")  # fmt: skip


def count(number: int, noun: str) -> str:
    """1 layer, 2 layers."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def training(run: Run, results: Sequence[Mapping[str, Any]]) -> list[Paragraph]:
    """A paragraph on how the model was trained, and one on what reinforcement learning changed on each set."""
    taught = {
        "pretrain": f"pretrained on text for the task {run.config.task}",
        "sft": f"fine-tuned on {run.config.sft.demonstrations} demonstrations",
        "rl": f"then trained by {METHODS[run.config.rl.method]}: {REWARDS[run.config.rl.reward]}",
    }
    base = run.read_json(CONFIG).get("base")
    if base is not None and base.get("model"):
        taught["pretrain"] = f"taken from {base['run']}"
    text = f"The model was {', '.join(taught[stage] for stage in run.stages)}. Seed {run.config.seed}."
    if lora := run.config.lora.rank:
        text += f" Only adapters of rank {lora} learned (LoRA)."
    if base is not None and not base.get("model"):
        text += f" Its stages up to {base['stage']} were copied from {base['run']}."
    told = [paragraph(text + not_minirls_own(run) + other_machines(run, base or {}))]
    if changes := changes_by_rl(results, run.before_rl):
        begun = "after SFT" if run.before_rl == "sft" else "before"
        told.append(paragraph(Strong(f"Greedy accuracy {begun} and after RL:"), f" {', '.join(changes)}."))
    return told


def not_minirls_own(run: Run) -> str:
    """A sentence for a run in which functions were replaced (swap.py): its numbers are not minirl's alone."""
    places = dict.fromkeys(place for environment in run.environments() for place in environment.get("replaced", ()))
    return f" These functions were not minirl's own: {', '.join(places)}." if places else ""


def other_machines(run: Run, base: Mapping[str, Any]) -> str:
    """A sentence for each time that the run, or its base, went on with another backend, instruction set or version."""
    known = [base["environment"]] if "environment" in base else []
    text = ""
    for before, now in pairwise([*known, *run.environments()]):
        differs = difference(before, now)
        if differs is not None:
            since = now.get("since", "the copied stages")
            text += f" After {since}, other bits than on the first machine: {differs[1]} instead of {differs[0]}."
    return text


def changes_by_rl(results: Sequence[Mapping[str, Any]], before: str = "sft") -> list[str]:
    """Of every split the accuracy before and after RL, the headline's split first: "unseen 62.2% → 93.8%". before: the
    stage that RL begins with."""
    greedy = {(entry["split"], entry["stage"]): 100 * entry["greedy"]["value"] for entry in results}
    first = headline_split(results)
    splits = sorted(dict.fromkeys(entry["split"] for entry in results), key=lambda split: split != first)
    return [
        f"{split} {greedy[split, before]:.1f}% → {greedy[split, 'rl']:.1f}%"
        for split in splits if {(split, before), (split, "rl")} <= set(greedy)
    ]  # fmt: skip
