# %% [markdown]
# # Lesson 0. Start
#
# *About 25 minutes. You need Python, a terminal, and an editor that runs notebooks. Nothing can break.*
#
# **minirl** is a small, complete language model with all that trains it, in Python and C that you can read. In this
# course you write its central parts yourself, and minirl then trains a model with them that works out word problems
# step by step.
#
# In this first lesson you use every part of the course once: a function, a check, a guess, a crash, your machine, and a
# model that answers.
#
# When you have finished this lesson, you can
#
# - write a function, have it checked, and read what a failed check says;
# - say how sure you are of a guess, and know what that number is worth;
# - tell what runs on your machine, and how fast.

# %% [markdown]
# ## 1. Three windows
#
# 1. **This notebook** is for reading. Run its code cells from top to bottom, each with Shift and Enter. Take one cell
#    at a time and not "Run All": some cells show the answers to questions that you guess first. Look at what they
#    print; you need not understand their code.
# 2. **The file `exercises.py`** beside it, in the folder `00_start`, is where you write. Any editor will do. JupyterLab
#    has one, and it runs notebooks too.
# 3. **A terminal** in the folder `minirl-lessons` is for the commands. JupyterLab has this too. `check 0.1` in this
#    text means `python -m minirl.lessons check 0.1`, and so on.
#
# | command | what it does |
# |---|---|
# | `list` | shows all lessons and exercises, and how far you are |
# | `check 0.1` | says whether exercise 0.1 is right, and if it is not, why not |
# | `watch 0` | does the same each time you save the file, one exercise after the other |
# | `hint 0.1` | gives a hint; ask again for the next one |
# | `solution 0.1` | shows one way: after it has passed, after three tries, or at once with `--show` |
# | `predict 0.a` | stores your guess before you read an answer |
# | `run 0` | runs all code of this notebook in the terminal, with your functions |
# | `progress` | shows what has passed, and how good your guesses were |
#
# **Any order is allowed**, of lessons and of exercises. To skip an exercise, read on: the course's own function stands
# in for yours, and the notebook says so. What you do is kept in your folder and sent nowhere.

# %% [markdown]
# ## Warm-up
#
# Before an experiment this course asks what you expect. In experiments on learning, people remembered an answer better
# when they had first guessed it wrongly than when they were shown it at once (Kornell, Hays and Bjork, 2009). Type
# `predict 0.a` in the terminal. The answer comes in section 5.
#
# {predict 0.a}

# %% [markdown]
# ## 2. A function
#
# > **Exercise 0.1** (level 1 of 5, 5 minutes). Type `check 0.1` before you have written anything: it says "not yet", as
# > it should. Then write `square(x)` in `exercises.py`, save the file, and check again until it passes.
#
# What does a check say when something is wrong? The next cell checks two files that are not yours: the one that you
# were given, and one with a mistake.

# %%
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from minirl.lessons import COLOURS, STYLES, Picture, exercises_of, reveal, swapped
from minirl.lessons.__main__ import main as command
from minirl.lessons.lesson import find_lesson

my = exercises_of(0)  # your functions, once they have passed
given = find_lesson("0").folder / "exercises.py"  # the file that you were given

print("The file as it was given:\n")
assert command(["check", "0.1", "--file", str(given)]) == 1
with TemporaryDirectory() as folder:
    mistaken = Path(folder) / "exercises.py"
    mistaken.write_text("def square(x):\n    return 2 * x\n")
    print("\n\nA file with a mistake:\n")
    assert command(["check", "0.1", "--file", str(mistaken)]) == 1

# %% [markdown]
# A check tries many inputs and shows the smallest one that it found to fail. It says **where** the result differs, and,
# if it knows the mistake, **what this looks like**. Decimal numbers may differ by rounding. The check then says by how
# much, for example 4e-15, which is short for 4 · 10⁻¹⁵. Some inputs are drawn by chance. A number, the **seed**,
# decides what is drawn: with the same seed you get the same inputs again. A check that fails on such an input prints
# its seed.
#
# **What if you do not understand what a check says?** There is always a next step:
#
# 1. Type `python -i 00_start/exercises.py`. This starts Python with your functions. Paste the call that fails, and look
#    at what comes out. `exit()` ends it.
# 2. Type `hint 0.1`. If hints do not help, type `solution 0.1 --show`. Nobody minds.
# 3. "Inconclusive" means that the machine was too busy to tell: check again. "Broken set-up" means that the fault is
#    not yours: please report it, with what `python -m minirl.doctor` prints.

# %% [markdown]
# ## 3. A guess, and what it is worth
#
# `predict` also asks how sure you are, as a percentage. `progress` scores this with a rule that was made for weather
# forecasters (Brier, 1950). Let p be the percentage divided by 100. You pay
#
#     (1 − p)²   if you were right,   and   p²   if you were wrong.
#
# Someone who is 80% sure pays 0.04 when right and 0.64 when wrong. The mean over all your guesses is your **Brier
# score**: the lower, the better.
#
# > **Exercise 0.2** (level 1, 5 minutes). Write `penalty(sure, right)`. You have `square` already. The line
# > `@implements(...)` above it says where in minirl your function belongs. Leave it there.
#
# {predict 0.b}
#
# The figure tries all answers with your `penalty`: for somebody who is right in 70% of all cases, and beside it for 50%
# and 90%. **Where is the lowest point of each curve?**

# %%
stated, rates = np.arange(0, 101, 5), (0.5, 0.7, 0.9)
curves = {
    rate: np.array([rate * my.penalty(int(p), True) + (1 - rate) * my.penalty(int(p), False) for p in stated])
    for rate in rates
}
lowest = {rate: int(stated[curve.argmin()]) for rate, curve in curves.items()}
picture = Picture(
    "Mean penalty against the percentage that is stated, for somebody who is right in 50, 70 and 90% of all cases. The "
    f"curves are lowest at {', '.join(f'{place}%' for place in lowest.values())}: where the statement is true.",
    7, 3,
)  # fmt: skip
axes = picture.subplots()
for rate, colour, style in zip(rates, COLOURS, STYLES, strict=False):
    axes.plot(stated, curves[rate], color=colour, linestyle=style, label=f"right in {rate:.0%} of cases")
    axes.plot(lowest[rate], curves[rate].min(), "o", color=colour, label=f"lowest at {lowest[rate]}%")
axes.set(xlabel="how sure you say you are (%)", ylabel="mean penalty", ylim=(0, 1))
axes.legend(fontsize=9)
reveal("0.b")
assert lowest == {0.5: 50, 0.7: 70, 0.9: 90}
picture

# %% [markdown]
# So say what you believe: on average, nothing is cheaper. And here is the point of the whole course: **minirl can do
# this with your function.** Inside `with swapped(...)` it uses yours instead of its own, and counts how much of the
# work yours has done. Below, two people were right in 7 of 10 cases. One said 70% each time, the other 100%.

# %%
from minirl.lessons.score import brier

outcomes = [True] * 7 + [False] * 3
with swapped("lessons.penalty") as used:
    honest = brier([(70, right) for right in outcomes])
    boastful = brier([(100, right) for right in outcomes])
print(f"said 70%: mean penalty {honest:.2f}; said 100%: mean penalty {boastful:.2f}\n")
print(used)
assert honest < boastful

# %% [markdown]
# ## 4. A crash
#
# Most mistakes in Python end in an exception, with a message. A few end Python itself, for example when a program
# reads memory that it does not own. Try one while it is harmless.
#
# > **Exercise 0.3** (level 1, 5 minutes). The function `last` is written already. `check 0.3` shows what happens when
# > it runs. Then fix it. One line is enough, and you need to know nothing about memory.
#
# The next cell checks the file that you were given once more.

# %%
assert command(["check", "0.3", "--file", str(given)]) == 1
print("\nThe check has crashed, and this lesson is still running.")

# %% [markdown]
# `last` counts how many bytes come before the last number, but it forgets to add the address at which the array begins.
# So it reads at the bottom of memory, which belongs to no program, and the system ends the process with a signal: here
# SIGSEGV, for *segmentation violation*. Each check runs in a process of its own, so only the check ended. An endless
# loop is stopped too, after 30 seconds.

# %% [markdown]
# ## 5. Your machine
#
# Type `python -m minirl.doctor`. Four of its lines are worth knowing:
#
# - **backend**: the code that does minirl's arithmetic. `native` means that it is compiled C. `reference` means that it
#   is NumPy, because no C has been compiled: the same formulas, several times slower. You write and check the same
#   functions with both.
# - **threads**: how many cores minirl uses at the same time.
# - **float32 peak**: how many multiplications and additions this machine can do in a second at most, measured. float32
#   is the format of decimal numbers that minirl computes in: 4 bytes, about seven digits. One GFLOP/s is a billion of
#   these operations in a second.
# - **What to fix**, at the end, says what to install or to change, if anything.
#
# The next cell measures the peak, and beside it a loop in plain Python that multiplies and adds.

# %%
from minirl import doctor, kernels
from minirl.kernels import peak


def loop(n):
    """n multiplications and n additions in plain Python; returns how many operations it does in a second."""
    total, clock = 0.0, peak.clock()
    start = clock()
    for _ in range(n):
        total = total * 0.5 + 1.0
    return 2 * n / (clock() - start)


fastest, python = peak.fma(), max(loop(200_000) for _ in range(5))
print(f"{doctor.cpu_model()}; backend {kernels.backend()}, threads {kernels.get_threads()}")
print(f"float32 peak      {peak.giga(fastest):>6} GFLOP/s")
print(f"a loop in Python  {peak.giga(python):>6} GFLOP/s; the peak is {fastest / python:,.0f} times as high\n")
reveal("0.a")
assert fastest > 1e9 and fastest > 5 * python

# %% [markdown]
# ## 6. A first look at a model
#
# A language model is a large formula. It takes a text and gives a probability to each possible next piece of text,
# called a *token*. One token is drawn by chance, the text is longer by one, and so on. At first the numbers in the
# formula are random. Training changes them.
#
# The next cell makes such a model and asks it a question. Then it trains the model for a few seconds, on 100 similar
# questions with their answers, and asks again. At the end it counts: **what is all this speed for?**

# %%
import re
import time

from minirl.lessons.roger import ROGER, ROWS, STEPS, RogerTask, roger_model, roger_tokenizer
from minirl.rl import rollout
from minirl.train.sft import solved

task, tokenizer = RogerTask(), roger_tokenizer()


def answers(model, n):
    """n answers to Roger's question, drawn by chance."""
    return [episode.text for episode in rollout(model, tokenizer, task, [ROGER], n, max_new_tokens=40, seed=1)]


def on_one_line(text):
    """The model's text in one line: / stands for a new line, · for anything else that is no letter or sign."""
    return re.sub("[^ -~]", "·", " / ".join(line.strip() for line in text.splitlines()))


model = roger_model(tokenizer, task, steps=0)
print(ROGER.prompt)
print("\nThe model's text before training (· is no letter):\n   ", on_one_line(answers(model, 1)[0]))
start = time.process_time()
model = roger_model(tokenizer, task)
seconds = time.process_time() - start
drawn = answers(model, 400)
print("The model's text after training (/ is a new line):\n   ", on_one_line(drawn[0]))

numbers = sum(parameter.size for parameter in model.parameters())
tokens = STEPS * ROWS * np.mean([len(document.ids) for document in solved(tokenizer, task.by_split["shown"])])
operations = 6 * numbers * tokens
print(f"\nThe formula has {numbers:,} numbers. Training has read {tokens:,.0f} tokens, repetitions included.")
print(f"About 6 operations for each number and token make {operations / 1e9:,.0f} billion operations.")
print(f"The loop in plain Python would need {operations / python / 60:.0f} minutes for them.")
print(f"The peak would need {operations / fastest:.1f} s, and minirl needed {seconds:.0f} s of processor time.")

# %% [markdown]
# (Why 6? To predict a token, each number is multiplied once and the product is added once: 2 operations. To find out
# how each number should change takes about 4 more. Lesson 2 shows how that is done.)
#
# {predict 0.c}

# %%
for text in list(dict.fromkeys(drawn))[:8]:
    print("-", on_one_line(text))
begins = sum(text.startswith(" Roger has 5. 2 * 3 = 6.") for text in drawn)
right = sum(task.checker.check(ROGER, text) for text in drawn)
print(f"\nThese are 8 of {len(set(drawn))} different texts.")
print(f"{begins} of 400 begin with 'Roger has 5. 2 * 3 = 6.', and {right} of 400 end with the right number, 11.\n")
reveal("0.c")
assert begins > 300 and right < 300 and 3 < len(set(drawn)) < 200

# %% [markdown]
# The model has learned how such an answer is written, but it does not calculate reliably. Now and then an answer is
# right, though. *Make the right ones likelier*: that is reinforcement learning, and you see it happen at the end of
# lesson 1.

# %% [markdown]
# ## You should know
#
# 1. You write in `exercises.py`, save, and `check`. The notebook is for reading.
# 2. A failed check shows a small input that fails, and often which mistake it is.
# 3. `hint` helps in steps, and `solution` shows one way. Where you skip, the course's function stands in.
# 4. Guess before you look. Saying how sure you really are costs least.
# 5. A crash or an endless loop ends only the check.
#
# ## How this fails in practice
#
# - **"Not yet", although it is right.** Is the file saved? Did you write into a cell of the notebook? A check reads
#   only `exercises.py`.
# - **The notebook still uses the course's function.** It takes yours once `check` has found it right, and it says so
#   when it has read your file again. Run the cell again after the check.
# - **`No module named minirl`.** This is a different Python from the one in which minirl was installed. In a terminal,
#   activate its environment; in a notebook, choose it as the "kernel", which is Jupyter's word for the Python that runs
#   the cells.
# - **`no folder with progress.json`.** Your terminal is in another folder. Go to `minirl-lessons`.
#
# ## The code that runs
#
# - `minirl/lessons/isolate.py` runs each check in a process of its own, and explains how it ended.
# - `minirl/lessons/explain.py` turns a failed case into the words that you have read.
# - `minirl/lessons/score.py` scores guesses.
# - `minirl/doctor.py` and `minirl/kernels/peak.py` look at the machine.
#
# ## Sources
#
# - Brier, G. W. (1950). Verification of forecasts expressed in terms of probability. *Monthly Weather Review* 78(1),
#   1–3.
# - Kornell, N., Hays, M. J. and Bjork, R. A. (2009). Unsuccessful retrieval attempts enhance subsequent learning.
#   *Journal of Experimental Psychology: Learning, Memory, and Cognition* 35(4), 989–998.
#
# **Next:** lesson 0b. Its five questions tell you whether you need it. If you do not, go on to lesson 1.
