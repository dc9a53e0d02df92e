"""What a run made its model forget: measured before and after RL, kept in forgetting.json, told on the screen and in
the report. Where it is too much, the curve of every probe shows what the accuracy cost."""

from collections.abc import Sequence

from minirl.evaluation.content import Block, Section, Strong, Table, paragraph, row
from minirl.evaluation.forgetting import ASKED, LOST, WORSE, Change, Knowledge, knowledge
from minirl.evaluation.problem_sets import headline_split
from minirl.runs import METRICS, Run, Screen
from minirl.tokenizer import Tokenizer

FORGETTING = "forgetting.json"


def known_before(run: Run, tokenizer: Tokenizer) -> Knowledge:
    """What the model knew before RL: measured the first time, later read."""
    found = run.read_json(FORGETTING) if run.is_whole(FORGETTING) else None
    if found is not None:
        return Knowledge.from_json(found["before"])
    before = knowledge(run.model(run.before_rl), tokenizer)
    run.write_json(FORGETTING, {"before": before.as_json()})
    return before


def measure(run: Run, tokenizer: Tokenizer) -> None:
    """Measure the model after RL, and write down both."""
    before, after = known_before(run, tokenizer), knowledge(run.model("rl"), tokenizer)
    run.write_json(FORGETTING, {"before": before.as_json(), "after": after.as_json()})


def change_of(run: Run) -> Change | None:
    """What changed; None where it was not measured, or not yet."""
    found = run.read_json(FORGETTING) if run.is_whole(FORGETTING) else None
    if found is None or "after" not in found:
        return None
    return Change(Knowledge.from_json(found["before"]), Knowledge.from_json(found["after"]))


def failures(run: Run, change: Change) -> list[str]:
    """What the run did not achieve, in words: the accuracy that was asked for, and the limits of forgetting."""
    found, results = change.broken(), run.results() or []
    split, target = headline_split(results), run.config.evaluation.target
    reached = [r["greedy"]["value"] for r in results if r["stage"] == "rl" and r["split"] == split]
    if reached and reached[0] < target:
        found.insert(0, f"it solves {reached[0]:.1%} of the problems of {split}, fewer than the {target:.0%} aimed at")
    return found


def rows_of(change: Change) -> list[list[str]]:
    """The table: measure, before, after, limit."""
    before, after = change.before, change.after
    return [
        [f"perplexity ({before.text})", f"{before.perplexity:.2f}", f"{after.perplexity:.2f} ({change.worse:+.1%})",
         f"at most {WORSE:+.0%}"],
        [f"general questions, of {len(before.known)}", str(sum(before.known)),
         f"{sum(after.known)} ({change.lost} lost, {change.gained} gained)", f"at most {LOST} lost"],
        [ASKED, said(before), said(after), "right, and ends by itself"],
    ]  # fmt: skip


def said(known: Knowledge) -> str:
    """The answer in chat."""
    return known.said.strip() + ("" if known.finished else " ...")


def curve(run: Run) -> list[list[str]]:
    """One row a probe of RL: step, accuracy, and what it cost."""
    probes = [record for record in run.records(METRICS, stage="rl") if "perplexity_worse" in record]
    return [
        [str(p["step"]), f"{p['dev_accuracy']:.1%}", f"{p['perplexity_worse']:+.1%}", f"{p['questions_lost']:.0f}",
         "yes" if p["conversation"] else "no"]
        for p in probes
    ]  # fmt: skip


CURVE = ["RL step", "dev accuracy", "perplexity", "questions lost", "Paris in chat"]
TABLE = ["measure", "before RL", "after RL", "limit"]


def verdict(failed: Sequence[str]) -> str:
    """One sentence: held in check, or not, and why."""
    if not failed:
        return "Forgetting is held in check: all limits are kept."
    return f"This run failed: {'; '.join(failed)}. The curve shows what the accuracy cost."


def show(run: Run, screen: Screen) -> None:
    """Print what was forgotten, if it was measured."""
    change = change_of(run)
    if change is None:
        return
    failed = failures(run, change)
    screen.table("What the model has forgotten", TABLE, rows_of(change))
    screen.say(f"\n{verdict(failed)}")
    if failed:
        screen.table("Accuracy against forgetting", CURVE, curve(run))


def section(run: Run) -> list[Section]:
    """The report's part on forgetting, if it was measured."""
    change = change_of(run)
    if change is None:
        return []
    failed = failures(run, change)
    blocks: list[Block] = [
        Table("Before and after reinforcement learning", TABLE, [row(*cells) for cells in rows_of(change)]),
        paragraph(Strong(verdict(failed))) if failed else paragraph(verdict(failed)),
    ]
    if probes := curve(run):
        blocks.append(Table("Accuracy against forgetting, at every probe", CURVE, [row(*cells) for cells in probes]))
    return [Section("What the model has forgotten", blocks)]
