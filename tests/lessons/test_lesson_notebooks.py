"""From lesson.py to a notebook and its outputs; and the gates, each seen to fail."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from minirl.lessons import gates
from minirl.lessons.build import table, teaching
from minirl.lessons.execute import CellError, execute
from minirl.lessons.lesson import Lesson, find_lesson, lessons, namespace, read_lesson
from minirl.lessons.mine import Picture
from minirl.lessons.notebook import cells, kept_outputs, lesson_cells, notebook
from minirl.lessons.parts import SwapError
from minirl.lessons.screen import Screen
from minirl.lessons.stopped import advice

SOURCE = """\
# %% [markdown]
# # Title
#
# Text with *stress*.

# %%
x = 20
print("twice", 2 * x)
x + 1

# %%
def f():
    return x
"""


def test_cells_and_their_ids_come_from_the_source() -> None:
    found = cells(SOURCE)
    assert [cell.kind for cell in found] == ["markdown", "code", "code"]
    assert found[0].source == "# Title\n\nText with *stress*."
    ids = [cell["id"] for cell in notebook(found)["cells"]]
    assert len(set(ids)) == 3 and ids == [cell["id"] for cell in notebook(cells(SOURCE))["cells"]]
    with pytest.raises(ValueError, match="begin its lines with '# '"):
        cells("# %% [markdown]\nbare text\n")


def test_code_cells_print_and_show_their_last_value() -> None:
    outputs = execute(cells(SOURCE), "lesson.py", {})
    assert outputs[1][0]["text"] == ["twice 40\n"] and outputs[1][1]["data"] == {"text/plain": ["21"]}
    assert outputs[2] == []


def test_new_text_keeps_the_outputs_and_new_code_does_not() -> None:
    source = cells(SOURCE)
    outputs = execute(source, "lesson.py", {})
    kept = notebook(source, outputs)
    renewed = cells(SOURCE.replace("# Text with", "# %% [markdown]\n# More.\n\n# %% [markdown]\n# Another text with"))
    assert [cell.kind for cell in renewed] == ["markdown", "markdown", "markdown", "code", "code"]
    assert kept_outputs(kept, renewed) == {3: outputs[1], 4: outputs[2]}
    with pytest.raises(ValueError, match=r"line 6 of lesson\.py has changed"):
        kept_outputs(kept, cells(SOURCE.replace("x = 20", "x = 21")))
    with pytest.raises(ValueError, match="has 3 code cells, and the notebook 2"):
        kept_outputs(kept, cells(SOURCE + "\n# %%\nx\n"))


def test_a_picture_carries_its_words() -> None:
    names = {"Picture": Picture}
    (output,) = execute(cells('# %%\nPicture("two bars of the same height")'), "lesson.py", names)[0]
    assert output["metadata"]["image/png"]["alt"] == "two bars of the same height"
    assert output["data"]["text/plain"] == ["Figure: two bars of the same height"]


def test_what_a_cell_imports_is_swapped_there_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # put back afterwards
    source = """# %%
from minirl.schedule import warmup_cosine
from minirl.swap import replaced
# %%
with replaced("minirl.schedule:warmup_cosine", lambda original: lambda *step, **named: "mine"):
    print(warmup_cosine(0, peak=1, warmup=1, total=1))
"""
    assert execute(cells(source), "lesson.py")[1][0]["text"] == ["mine\n"]


def stopped(source: str, names: dict[str, Any]) -> str:
    """What a learner of lesson 9 reads when these cells stop."""
    with pytest.raises(CellError) as failed:
        execute(cells(source), "lesson.ipynb", names)
    return f"{failed.value}\n{advice(find_lesson('9'), failed.value.__cause__, failed.value.sources)}"


def test_an_error_names_the_cell_and_keeps_what_came_before() -> None:
    with pytest.raises(CellError, match=r"lesson.ipynb, code cell 2, stopped") as failed:
        execute(cells('# %%\nprint("one")\n# %%\nprint("two")\n1 / 0\n'), "lesson.ipynb", {})
    assert failed.value.outputs[0][0]["text"] == ["one\n"]
    said = str(failed.value)
    assert 'begins with `print("two")`' in said and "\ntwo\n" in said
    assert "line 2 of the cell:\n    1 / 0\nZeroDivisionError" in said and "execute.py" not in said


def test_a_cell_that_stops_names_the_exercise_that_was_at_work(tmp_path: Path) -> None:
    file = tmp_path / "exercises.py"
    file.write_text("def clip(gradients, max_norm):\n    return gradients / 0\n")
    said = stopped("# %%\nx = 1\nmy.clip(2, 3)\n", {"my": SimpleNamespace(**namespace(file))})
    assert f"{file}, line 2, in clip:\n    return gradients / 0\n" in said
    assert "It arose in your 9.5 clip: `check 9.5`" in said and "what you divide by is 0" in said


def test_a_cell_that_stops_names_the_exercises_that_it_works_with() -> None:
    my = SimpleNamespace(bigram_loss=lambda *arguments: 3.4)
    said = stopped("# %%\nloss = my.bigram_loss(0, 1)\n# %%\nassert loss < 3\n", {"my": my})
    assert "line 1 of the cell:\n    assert loss < 3\nAssertionError" in said
    assert "works with 9.2 bigram_loss: `check 9.2`" in said
    assert "check" not in stopped("# %%\n1 / 0\n", {})


def test_a_seams_error_is_told_without_the_runners_own_lines(tmp_path: Path) -> None:
    file = tmp_path / "exercises.py"
    file.write_text("def clip(gradients, max_norm):\n    return gradients / None\n")
    source = "# %%\ntry:\n    my.clip(2, 3)\nexcept TypeError as error:\n    raise SwapError('stops') from error\n"
    said = stopped(source, {"my": SimpleNamespace(**namespace(file)), "SwapError": SwapError})
    assert said.count("line ") == 3 and "line 4 of the cell" in said and f"{file}, line 2, in clip" in said
    assert "Something in this line is None" in said and "check" not in said


@pytest.mark.parametrize("number", lessons())
def test_the_committed_notebook_is_what_the_source_makes_and_has_run(number: str) -> None:
    lesson = find_lesson(number)
    kept = json.loads(lesson.notebook.read_text(encoding="utf-8"))
    assert gates.bare(kept) == gates.bare(notebook(lesson_cells(lesson)))
    outputs = [output for cell in kept["cells"] for output in cell.get("outputs", ())]
    assert outputs and not [output for output in outputs if output["output_type"] == "error"]
    answer = {"seconds": 0, "reached": [exercise.seam for exercise in lesson.exercises]}
    assert gates.run(lesson, answer, kept) == []


def test_the_course_keeps_its_promises() -> None:
    page = teaching().read_text(encoding="utf-8")
    assert gates.course(list(lessons().values()), table(), page) == []


# ---- the gates fail where a promise is broken ----


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A copy of lesson 1 to break."""
    lesson = find_lesson("1")
    return Path(shutil.copytree(lesson.folder, tmp_path / lesson.name))


def problems_with(folder: Path, only: str) -> str:
    lesson = read_lesson(folder)
    lesson = replace(lesson, exercises=tuple(exercise for exercise in lesson.exercises if exercise.name == only))
    return "\n".join(gates.checks(lesson, Screen(plain=True)))


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_stub_that_passes_is_found(broken: Path) -> None:
    rewrite(broken / "exercises.py", 'raise NotImplementedError("write after")', "return (*state, action)")
    assert "the stub gets pass" in problems_with(broken, "after")


def test_a_solution_that_fails_is_found(broken: Path) -> None:
    rewrite(broken / "solution.py", "return (*state, action)", "return state")
    assert "the solution gets fail" in problems_with(broken, "after")


def test_a_mistake_that_passes_or_draws_another_sentence_is_found(broken: Path) -> None:
    front = broken / "wrong" / "after__front.py"
    front.write_text('"""A sentence."""\n\n\ndef after(state, action):\n    return (*state, action)\n')
    (broken / "wrong" / "after__forgets.py").write_text("def after(state, action):\n    return ()\n")
    found = problems_with(broken, "after")
    assert "mistake after__front gets pass" in found and "after__forgets does not draw its sentence" in found


def test_a_single_mistake_is_too_few(broken: Path) -> None:
    for path in sorted((broken / "wrong").glob("after__*.py"))[1:]:
        path.unlink()
    assert "1 known mistakes; expected 2" in problems_with(broken, "after")


def test_what_came_of_a_run_is_judged() -> None:
    lesson = find_lesson("1")
    picture = {"output_type": "execute_result", "data": {"image/png": "x" * 200_000}, "metadata": {}}
    contents = {"cells": [{"source": ["picture"], "outputs": [picture]}]}
    found = "\n".join(gates.run(lesson, {"seconds": 1e6, "reached": ["rl.after"]}, contents))
    for words in ("its budget is", "never calls the learner's function at rl.policy", "has no words", "at most 60000"):
        assert words in found
    assert "rl.after" not in found


def test_a_lesson_without_its_sections_hints_or_numbers_is_found(broken: Path) -> None:
    rewrite(broken / "lesson.py", "## You should know", "## What else")
    rewrite(broken / "lesson.py", "1.6", "1.9")
    lesson: Lesson = replace(read_lesson(broken), needs=("77",))
    bare = replace(lesson.exercises[0], hints=("one",))
    lesson = replace(lesson, exercises=(bare, *lesson.exercises[1:], lesson.exercises[1]))
    plan = "<!-- minutes: begin -->\n| Monday | 0, 1 | 3 |\n<!-- minutes: end -->"
    found = "\n".join(gates.course([lesson], "no such table", plan))
    for words in ("no section 'You should know'", "never mentions 1.6", "needs a lesson 77", "has 1 hints",
                  "decisions.policy occurs twice", "table in lessons/README.md is out of date",
                  "minutes in docs/teaching.md are out of date"):  # fmt: skip
        assert words in found


def test_a_notebook_of_another_source_is_found() -> None:
    lesson = find_lesson("1")
    other = notebook(cells(SOURCE))
    assert "is not what lesson.py makes" in gates.committed(lesson, other)[0]
