# %% [markdown]
# # Lesson 17. Tools and retrieval
#
# *About two hours and forty-five minutes. You need lesson 1 (episodes), lesson 11 (which tokens count in a loss) and
# lesson 12 (REINFORCE, leave-one-out).*
#
# A small model forgets most of what it reads, and it cannot multiply. Both can come from elsewhere: a calculator is
# exact, and a library forgets nothing. All that the model has to learn is *when to ask, and for what*. In the words of
# lesson 1, a call is a sequence of actions like any other. What comes back is something new: tokens in the state that
# nobody has chosen.
#
# When you have finished this lesson, you can
#
# - write a tool that is safe, and the loop in which a model calls it;
# - say which tokens of an episode are actions, and which are observations that have no gradient;
# - rank passages by BM25 and by vectors, and fuse two rankings;
# - find out with a control whether a model uses what a tool gives back.
#
# You write your functions in the file `exercises.py` beside this notebook. In a terminal, `python -m minirl.lessons
# check 17.1` checks the first one. From here on this text writes `check 17.1` for short.

# %% [markdown]
# ## Warm-up
#
# {predict 17.a}
#
# Section 2 tries it.

# %% [markdown]
# ## 1. A tool is a function from text to text
#
# The model writes text, so a tool takes text and gives text. The first thing that everybody writes is one line of
# Python: `str(eval(text))`. Never do this. `eval` runs *any* program, and the text comes from a model that tries out
# everything. It is also wrong: `eval` takes 2 ** 9999999, and is busy for a long time.
#
# A calculator reads, and calculates what it has understood. "2 + 3 * 4" is a sum of two products, 2 and 3 * 4. A
# bracket holds a sum again. So there are three kinds of things, each made of the next one, and each gets a function of
# its own:
#
#     sum      = product, then any number of  + product  or  - product
#     product  = number,  then any number of  * number
#     number   = digits, or  ( sum )
#
# The functions share one place in the list of parts, and each moves it past what it has read. This is called *recursive
# descent*. Whatever goes wrong must not stop the environment. The error is the result, and the model reads it.
#
# > **Exercise 17.1** (level 4, 35 minutes). Write `calculate(text)`, without `eval`.

# %%
import numpy as np

from minirl.lessons import COLOURS, STYLES, Picture, exercises_of, reveal, swapped

my = exercises_of(17)
for text in ("12 * 34", "9 - 3 - 2", "2 * (3 + 4)", "2 +", "__import__('os').getcwd()", "3 apples"):
    print(f"{text:26s} {my.calculate(text)}")

# %% [markdown]
# ## 2. A call is an action, its result is not
#
# In minirl a call looks like this:
#
#     46 * 23 =<|tool|>calculator 46 * 23<|/tool|><|result|>1058<|/result|> 1058.
#              ------- the model chooses ------- ------ forced ------- chooses again
#
# The four marks are *special tokens*: no other text ever becomes one of them, so a question that holds the characters
# `<|result|>` cannot pass for a result. The model chooses `<|tool|>`, the name of the tool, the sum and `<|/tool|>`,
# token by token. Then the environment appends the result. These tokens are **forced**: nobody drew them. They are an
# *observation*, as in any game where the world answers a move.
#
# When the model is shown solved problems, as in lesson 11, which tokens count in the loss? The prompt does not, as the
# model never writes it. The same holds for results.
#
# > **Exercise 17.2** (level 2, 10 minutes). Write `counts(pieces)`.
#
# The story is Roger's, with numbers of two digits. Two models with the same shape see the same 4,000 solved problems,
# drawn 16,800 times in all. One sees them with calls, and your function says what counts. The other has no tool and has
# to write the results itself. In what they are shown, the number of balls is always even. In the test it is odd, so no
# test problem can be among the 4,000.

# %%
from minirl.generate import generate
from minirl.lessons.roger import RogerTask, numbers_of_two_digits, roger, roger_with_calls, taught_model
from minirl.tokenizer import Tokenizer
from minirl.tools import Toolbox, calculator
from minirl.tools.transcript import whole_text
from minirl.train.sft import solved

numbers = numbers_of_two_digits(4000, seed=0)
problems = [roger(*three) for three in numbers_of_two_digits(200, seed=1)]  # none of them is among the 4,000
texts = [f"{one.prompt}{one.completion} calculator" for one in (roger(*three) for three in numbers[:300])]
tokenizer = Tokenizer.train(texts, 320, pattern="gpt4-digits")  # each digit is a token
task, box = RogerTask(), Toolbox(tokenizer, [calculator])
with swapped("data.marked") as used:
    documents = solved(tokenizer, [roger_with_calls(*three) for three in numbers])
print(used, "\n")
with_tool = taught_model(tokenizer, documents, steps=700, context_length=160)
by_heart = taught_model(
    tokenizer, solved(tokenizer, [roger(*three) for three in numbers]), steps=700, context_length=160
)


def share_solved(model, tools, temperature=0.0):
    """The share of right answers to the 200 problems."""
    prompts = [problem.prompt for problem in problems]
    found = generate(model, tokenizer, prompts, temperature=temperature, max_new_tokens=60, tools=tools, seed=1)
    right = [
        one.finished and task.checker.check(problem, one.text) for problem, one in zip(problems, found, strict=True)
    ]
    return float(np.mean(right))


with swapped("tools.calculate") as calculated:
    solved_by = {"by heart": share_solved(by_heart, None), "with the calculator": share_solved(with_tool, box)}
print(calculated, "\n")
for name, share in solved_by.items():
    print(f"{name:22s}{share:6.1%} of {len(problems)} new problems")
print()
reveal("17.a")
assert used["data.marked"].share == 1 and calculated["tools.calculate"].share > 0.9
assert solved_by["by heart"] < 0.1 and solved_by["with the calculator"] > 0.6

# %%
one = next(iter(generate(with_tool, tokenizer, problems[0].prompt, temperature=0, max_new_tokens=60, tools=box)))
print(problems[0].question)
print(whole_text(tokenizer, one.ids, one.forced).strip())
ids, forced = one.ids.tolist(), one.forced.tolist()
names = [tokenizer.decode([token]).replace(" ", "·").replace("\n", "¶") for token in ids]
first = ids.index(box.begin)
shown = slice(max(first - 3, 0), first + 26)
picture = Picture(
    "A part of the answer, token by token. Chosen by the model: "
    + " ".join(f"{name}" for name, by_tool in list(zip(names, forced, strict=True))[shown] if not by_tool)
    + ". Forced by the environment: "
    + " ".join(f"{name}" for name, by_tool in list(zip(names, forced, strict=True))[shown] if by_tool) + ".",
    9, 1.1,
)  # fmt: skip
axes = picture.subplots()
at = 0.0
for name, by_tool in list(zip(names, forced, strict=True))[shown]:
    width = 0.6 + 0.42 * len(name)
    axes.barh(0, width, left=at, height=0.8, color="#e4e7eb" if by_tool else "#cfe8f7", edgecolor="#52606d",
              hatch="///" if by_tool else "", linewidth=0.6)  # fmt: skip
    axes.text(at + width / 2, 0, name, ha="center", va="center", fontsize=6.5,
              bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6})  # fmt: skip
    at += width
axes.set(yticks=[], xticks=[], xlim=(0, at), xlabel="plain: chosen; hatched: forced")
picture

# %% [markdown]
# The model without a tool is not stupid. It writes a product of about the right size, and gets digits wrong. The one
# with the tool had to learn an easier thing: to copy two numbers into a call, and a result out of it.

# %% [markdown]
# ## 3. The loop
#
# How does the result get into the text? In lesson 1 your loop asked the agent for an action, appended it, and asked
# again. Now, after each action, the environment may have something to say. And it has to be strict about the marks. If
# a model could write `<|result|>` by itself, it would soon write results that suit it. So a mark in the wrong place
# ends the episode, unfinished, and that means without reward. (One could also forbid the token. But then the policy
# that draws would differ from the policy whose gradient is taken; lesson 10 had the same problem with top-p.)
#
# > **Exercise 17.3** (level 3, 35 minutes). Write `answer_with(act, call, prompt, limit, marks)`.
#
# Your loop plays episodes in place of minirl's, with the same model and the same random numbers.

# %%
from minirl.rl.mdp import Agent, Environment, play


def episodes_of(some, seed):
    """An episode for each problem, played token by token at temperature 1."""
    agent, environment = Agent(with_tool, tokenizer), Environment(tokenizer, task, 60, tools=box)
    return [play(agent, environment, problem, np.random.default_rng(seed + i)) for i, problem in enumerate(some)]


theirs = episodes_of(problems[:6], seed=0)
with swapped("rl.answer_with") as used:
    yours = episodes_of(problems[:6], seed=0)
print(used, "\n")
for mine, other in zip(yours, theirs, strict=True):
    assert mine.actions.tolist() == other.actions.tolist() and mine.forced.tolist() == other.forced.tolist()
    assert mine.reward == other.reward and mine.finished == other.finished
print(f"{len(yours)} episodes, token for token the same as minirl's")
tokens, by_tool = sum(len(one.actions) for one in yours), sum(int(one.forced.sum()) for one in yours)
print(f"{tokens} tokens after the prompts, {by_tool} of them forced")
assert used["rl.answer_with"].share == 1 and by_tool

# %% [markdown]
# ## 4. No gradient for what was not chosen
#
# REINFORCE raises log π of each action of a good episode. A forced token is no action. The model did not choose it,
# so there is no choice to make likelier, and it does not count in N, the number of actions. Lesson 12's
# `token_weights` has an argument for this: is_action. There it left out the prompt. Now it leaves out results, too.
#
# **Is it only a matter of taste?** Let us look at an episode in which the model did everything right, and ask what the
# weights would be with and without the mask.

# %%
from minirl.model.transformer import IGNORE
from minirl.rl.batch import make_batch

twelve = exercises_of(12)
episode = next(one for one in yours if one.reward == 1)
advantage = np.full(len(episode.actions), 0.5)
right = twelve.token_weights(advantage, ~episode.forced, int((~episode.forced).sum()))
wrong = twelve.token_weights(advantage, np.ones(len(episode.actions), bool), len(episode.actions))
print(f"share of the weight on forced tokens: {right[episode.forced].sum() / right.sum():.0%} with the mask, ", end="")
print(f"{wrong[episode.forced].sum() / wrong.sum():.0%} without it")
targets = make_batch([episode], np.array([0.5], np.float32)).targets[-len(episode.actions) :]
print(f"minirl gives {int((targets == IGNORE).sum())} of the {len(targets)} tokens no target; ", end="")
print(f"{int(episode.forced.sum())} are forced")
assert not right[episode.forced].any() and wrong[episode.forced].any()
assert np.array_equal(targets == IGNORE, episode.forced)

# %% [markdown]
# Without the mask, a part of each update would teach the model to *write results*. For the result of 46 * 23 it cannot
# know the digits, so this part is large where the model is helpless. And the more it believes in results of its own,
# the less it needs the tool.
#
# Now reinforcement learning with the tool, 30 updates. Nobody says which calls are good. The reward is 1 for the right
# answer. It needs no solutions, so each update takes 32 new problems, with an even number of balls.

# %%
from minirl.optim import AdamW
from minirl.rl import RLConfig
from minirl.rl.reinforce import reinforce

before = share_solved(with_tool, box), share_solved(with_tool, box, temperature=1.0)
config = RLConfig(samples=4, temperature=1.0, max_new_tokens=60, advantage="leave_one_out")
optimizer, curve = AdamW(with_tool.parameters(), lr=3e-4, weight_decay=0), []
practice = [roger(*three) for three in numbers_of_two_digits(30 * 32, seed=2)]  # none of them is among the 200 either
for update in range(30):
    asked = practice[32 * update : 32 * (update + 1)]
    _, measures = reinforce(with_tool, optimizer, tokenizer, task, asked, config, seed=(0, update), tools=box)
    curve.append(measures["reward"])
after = share_solved(with_tool, box), share_solved(with_tool, box, temperature=1.0)
print(f"mean reward of the first five updates {np.mean(curve[:5]):.2f}, of the last five {np.mean(curve[-5:]):.2f}")
for name, old, new in zip(("greedy", "at temperature 1"), before, after, strict=True):
    print(f"new problems, {name:17s}{old:6.1%} before, {new:6.1%} after")
assert after[1] > 0.5

# %% [markdown]
# **Why did it learn nothing?** Look at the rewards: it solves nearly all problems of the kind that it was shown. If
# all four samples of a problem are right, every advantage is 0, as in lesson 13. And what it lacks, it cannot learn
# here. The test asks for odd numbers of balls, and about one problem in ten fails: the answer in section 2 begins
# with 32 balls in place of 33. So the model does not simply copy. It copies what it has seen copied. A test that
# differs from training in one small thing brings it to light, and a test of the same kind would have hidden it.
#
# Where more is left to learn, reinforcement learning with a tool pays: in minirl's preset `calculator`, a training with
# 14 kinds of stories, it adds 6 to 11 points on each of three seeds.
#
# ## 5. Does it use what comes back?
#
# A model with a tool solves more than one without. Is it because of the tool? It might also be that calls are only an
# ornament, and the model knows the results anyway. A **control** tells: leave everything as it is, and give each call
# the result of *another* call (`minirl/tools/shuffled.py`).
#
# {predict 17.b}

# %%
from minirl.tools.shuffled import Shuffled

controls = {
    "each call gets its own result": share_solved(with_tool, box),
    "each call gets the result of another": share_solved(with_tool, Toolbox(tokenizer, [Shuffled(calculator)])),
    "no tool answers": share_solved(with_tool, None),
}
for name, share in controls.items():
    print(f"{name:38s}{share:6.1%}")
print()
reveal("17.b")
assert controls["each call gets the result of another"] < 0.05 and controls["no tool answers"] < 0.1

# %% [markdown]
# Such a control costs nothing, and it is worth more than any number of impressive examples. The same holds for every
# source of knowledge: a search, facts in a prompt, a worked example. If shuffling it changes nothing, the model does
# not use it.
#
# minirl does the same with these 14 kinds of stories and numbers up to 999 (`python -m minirl.train --preset
# calculator`, about three minutes). There the model with the calculator solves 89 to 96% of new problems after RL,
# with shuffled results 0 to 0.3%, and a model that calculates column by column, as at school, 4 to 30%. [The page
# about reasoning](../docs/reasoning.md#a-calculator-in-training) has the commands for all of it.

# %% [markdown]
# ## 6. A search from scratch
#
# The second tool finds facts. A library has N passages, and a question has words. Which passage fits best?
#
# Count shared words? Then "the" counts as much as "refraction", and long passages win, since they have more words of
# any kind. **BM25** (Robertson and Zaragoza, 2009) solves both problems. For each word of the query, a passage gets
#
#     idf · tf / (tf + 1.2 · (0.25 + 0.75 · length / mean length)),      idf = log(1 + (N − n + 0.5) / (n + 0.5)).
#
# - n passages have the word. A rare word has a large idf: it says much.
# - tf counts the word in this passage. The fraction rises with tf, and never reaches 1: a second occurrence says less
#   than the first.
# - A passage that is longer than others needs a larger tf for the same score.
#
# The constants 1.2 and 0.75 (with 0.25 = 1 − 0.75) are the usual ones.
#
# > **Exercise 17.4** (level 3, 25 minutes). Write `bm25(query, passages)`.
#
# minirl ships with 361 facts of school science. The queries are 150 questions that ask for one of them *in other
# words*. **How often is the right fact among the first k?** This share is called hit@k. Words are cut to their stems
# before: "shines" becomes "shine".

# %%
from minirl.retrieval import Index
from minirl.retrieval.collections import open_collection

science = open_collection("science")
wanted = [next(iter(grades)) for grades in science.grades]  # the number of the right fact for each question
index = Index.from_texts(science.texts)
with swapped("retrieval.scores") as used:
    by_words = [index.rank(query, 100)[0].tolist() for query in science.queries]
print(used, "\n")


def hits(rankings, k):
    """Whether the right fact is among the first k, for each question."""
    return [fact in ranking[:k] for ranking, fact in zip(rankings, wanted, strict=True)]


for k in (1, 3, 10):
    print(f"BM25: hit@{k:<3d}{np.mean(hits(by_words, k)):6.1%} of {len(wanted)} questions")
missed = hits(by_words, 3).index(False)
print(f"\nasked:  {science.queries[missed]}\nwanted: {science.texts[wanted[missed]]}")
print(f"found:  {science.texts[by_words[missed][0]]}")
assert used["retrieval.scores"].share == 1 and np.mean(hits(by_words, 1)) > 0.8

# %% [markdown]
# ## 7. Without a shared word
#
# BM25 is blind where no word is shared. A *dense* search compares vectors in place of words: texts that mean something
# similar should point in similar directions. The score is the cosine of the angle between them, 1 for the same
# direction and 0 for a right angle.
#
# > **Exercise 17.5** (level 1, 5 minutes). Write `cosines(query, vectors)`.
#
# Where do the vectors come from? Usually from a large model that was trained for this. We take the oldest way, which
# needs no training (Deerwester and others, 1990). Make a table with a row for each fact and a column for each word. It
# holds √tf · idf; the root, so that a repeated word says less than a new one. Then find the 60 directions in which the
# rows differ most; NumPy's `svd` does it. Words that occur in the same facts, such as "lens" and "light", end up in the
# same directions. So a question about one is near a fact with the other.

# %%
words = index.description.settings.words  # cuts a text into the stems of its words
known = {word: column for column, word in enumerate(sorted({word for text in science.texts for word in words(text)}))}


def table(texts):
    """A row for each text: how often it has each known word."""
    counted = np.zeros((len(texts), len(known)))
    for row, text in enumerate(texts):
        for word in words(text):
            if word in known:
                counted[row, known[word]] += 1
    return counted


counted = table(science.texts)
idf = np.log(len(counted) / (counted > 0).sum(axis=0))
_, _, directions = np.linalg.svd(np.sqrt(counted) * idf, full_matrices=False)
facts = np.sqrt(counted) * idf @ directions[:60].T
asked = np.sqrt(table(science.queries)) * idf @ directions[:60].T
by_angle = [np.argsort(-my.cosines(query, facts), kind="stable")[:100].tolist() for query in asked]
print(f"BM25 hit@1 {np.mean(hits(by_words, 1)):.1%}, vectors hit@1 {np.mean(hits(by_angle, 1)):.1%}")

# %% [markdown]
# Two searches, two rankings. Their scores have different scales, so they cannot be added. Ranks can. **Reciprocal rank
# fusion** (Cormack and others, 2009) gives a passage 1 / (60 + rank) from each ranking and adds up.
#
# {predict 17.c}
#
# > **Exercise 17.6** (level 2, 10 minutes). Write `fuse(rankings)`.

# %%
from minirl.retrieval import fusion

with swapped("retrieval.fuse") as used:
    both = [[passage for passage, score in fusion.fuse(pair)] for pair in zip(by_words, by_angle, strict=True)]
print(used, "\n")
ks = [1, 2, 3, 5, 10, 20]
curves = {"BM25": by_words, "vectors": by_angle, "both fused": both}
shares = {name: [float(np.mean(hits(rankings, k))) for k in ks] for name, rankings in curves.items()}
print(f"{'':12s}" + "".join(f"hit@{k:<5d}" for k in ks))
for name, values in shares.items():
    print(f"{name:12s}" + "".join(f"{value:<9.1%}" for value in values))
print()
reveal("17.c")
picture = Picture(
    "Share of 150 questions whose fact is among the first k, against k. "
    + "; ".join(f"{name}: {v[0]:.2f} at 1, {v[2]:.2f} at 3, {v[4]:.2f} at 10" for name, v in shares.items()) + ".",
    6.5, 2.8,
)  # fmt: skip
axes = picture.subplots()
for (name, values), colour, style in zip(shares.items(), COLOURS, STYLES, strict=False):
    axes.plot(ks, values, color=colour, linestyle=style, marker="o", markersize=4, label=name)
axes.set(xlabel="k", ylabel="right fact among the first k", ylim=(None, 1.02))
axes.legend()
assert shares["BM25"][0] > shares["both fused"][0] > shares["vectors"][0] and used["retrieval.fuse"].share == 1
picture

# %% [markdown]
# **Vectors lose here, and fusing does harm.** Both rankings have the same say, and one of them is worse. What a vector
# gains where no word is shared, it loses where it takes "acceleration" for "velocity": it knows what words go together,
# and not which of them was asked for. minirl's own transformer does no better, even when it is fine-tuned for this
# ([the page about retrieval](../docs/retrieval.md#vectors-of-a-model-and-both-fused) has the figures). Measure before
# you fuse.

# %% [markdown]
# ## 8. The query is an action
#
# So far the query was the question. But a question is made for people. "What does Miran do for a living?" shares with
# the fact "The job of Miran is baker" nothing but the name. "job Miran" would find it. Who says so? Nobody needs to.
# Searching is an action, and whether the fact was found is a reward.
#
# We take a made-up world, so that nobody can know the facts by heart: 24 people with 6 facts each, and questions in 36
# forms. The agent is as small as can be. For each *form* of question it has 13 choices: to add one of 12 words to the
# question's own words, or none. Its policy is the softmax of 13 numbers, all 0 at first. The reward is 1 if the search
# finds the right fact first.
#
# > **Exercise 17.7** (level 2, 15 minutes). Write `choice_gradient(theta, chosen, rewards)`. It is lesson 12 for a
# > single action. (The sum of all A is 0, as each is compared with the others. So π drops out of the mean: leave it
# > out, and the numbers stay the same. With another baseline they would not.)

# %%
import random

from minirl.retrieval.index import SearchError
from minirl.tasks.world import ATTRIBUTES, World

world = World(random.Random(0), "train", 24)
library = Index.from_texts(world.texts)
added = ["", *ATTRIBUTES]  # the choices
forms = [(name, form) for name, attribute in ATTRIBUTES.items() for form in attribute.questions]
of_kind = {name: [i for i, fact in enumerate(world.facts) if fact.attribute == name] for name in ATTRIBUTES}
found_first = {}  # of each query; many come more than once


def found(query):
    """The number of the first fact that the search finds."""
    if query not in found_first:
        try:
            found_first[query] = int(library.rank(query, 1)[0][0])
        except SearchError:
            found_first[query] = -1
    return found_first[query]


def learn(answer, rounds=50, tries=8, seed=0):
    """The policy of each form of question, and the mean reward of each round. answer(query): what comes back."""
    rng = np.random.default_rng(seed)
    theta, curve = np.zeros((len(forms), len(added))), []
    for _ in range(rounds):
        paid = []
        for row, (kind, form) in enumerate(forms):
            weights = np.exp(theta[row] - theta[row].max())
            chosen = rng.choice(len(added), tries, p=weights / weights.sum())
            fact = int(rng.choice(of_kind[kind]))
            question = form.format(n=world.facts[fact].person)
            rewards = np.array([float(answer(f"{question} {added[choice]}") == fact) for choice in chosen])
            theta[row] += 4.0 * my.choice_gradient(theta[row], chosen, rewards)
            paid.append(rewards.mean())
        curve.append(float(np.mean(paid)))
    return theta, curve


mixed = np.random.default_rng(1).permutation(len(world.facts))
theta, curve = learn(found)
_, control = learn(lambda query: int(mixed[found(query)]))  # each search gives the fact that another one should give
row = [form for _, form in forms].index("What does {n} do for a living?")
print(f"right fact first: {np.mean(curve[:3]):.0%} in the first rounds, {np.mean(curve[-3:]):.0%} in the last")
print(f"with shuffled results: {np.mean(control[:3]):.0%} and {np.mean(control[-3:]):.0%}")
print(f"to “What does Miran do for a living?” the policy adds: {added[theta[row].argmax()]!r}")
picture = Picture(
    "Share of searches that find the right fact first, round by round. It rises from "
    f"{curve[0]:.2f} to {curve[-1]:.2f}. With shuffled results it stays near {np.mean(control):.2f}.",
    6.5, 2.8,
)  # fmt: skip
axes = picture.subplots()
axes.plot(curve, color=COLOURS[0], label="each search gives what it finds")
axes.plot(control, "--", color=COLOURS[1], label="shuffled results")
axes.set(xlabel="round", ylabel="right fact first", ylim=(0, 1))
axes.legend()
assert np.mean(curve[-3:]) > np.mean(curve[:3]) + 0.15 and np.mean(control[-3:]) < 0.1
picture

# %% [markdown]
# Nobody has told it that "for a living" means a job. It found out because searches with this word were paid. A language
# model does the same token by token: `python -m minirl.train --preset look-up` trains one that writes the whole query.
# After fine-tuning 62 to 66% of its queries find the fact, and after RL 89 to 96%, with three seeds. [The page about
# retrieval](../docs/retrieval.md#look-up-the-model-writes-the-query) has the tables and the commands.

# %% [markdown]
# ## 9. An open book
#
# There is a simpler way to use a search: put what it finds into the prompt, before the question. The query is then the
# question, and the model only has to read. This is what most programs do that "answer from documents".
#
#     Facts: 1. Miran has a job as baker. 2. The job of Sefu is pilot. 3. Miran speaks Greek.
#     Q: What is the job of Miran?
#
# Does the model read the facts, or does it answer by heart? Again a control tells. minirl's preset `open-book` is
# tested with the right fact among wrong ones, with the wrong ones alone, and with a right fact that was *changed*, so
# that it contradicts what the model may know. In a new made-up world the model answers 4% of the questions without
# facts, and 87% with them. With changed facts it answers 89% as the facts say. For science, where it has learned some
# answers by heart, it follows a changed fact in 55% of the cases only. (Seed 0, `python -m minirl.train --preset
# open-book`; [the table](../docs/retrieval.md#open-book-answering-from-facts) has the intervals.) What a model knows
# by heart stands in the way of what it reads.
#
# ## You should know
#
# 1. A tool takes text and gives text, never raises, and never runs what a model wrote.
# 2. A call is chosen, token by token. Its result is forced: it stands in the state, and has no weight, no gradient and
#    no part in N.
# 3. A mark in the wrong place ends the episode without reward, so that no model can write its own results.
# 4. BM25: rare words count more, repeated ones less, long passages less. Vectors find what shares no word. Fuse
#    rankings that are about equally good.
# 5. Shuffled results are the control: a model that does as well with them does not use the tool.
#
# ## How this fails in practice
#
# - **Results are trained.** The loss counts what the tool wrote. The model learns to write results itself and stops
#   calling, and no curve shows why.
# - **The checker reads results.** A page that was found holds "Answer: 18", and the model is paid for it. minirl's
#   checker reads only what the model itself said.
# - **A silent empty result.** A search that finds nothing gives back nothing, and the model takes this for an answer.
#   Say so in the result: "error: no passage has the word".
# - **A tool that changes.** The same call gives another result tomorrow. Then no episode can be repeated, and a
#   comparison compares two tools.
# - **Right passage, wrong answer.** hit@k measures the search, and the accuracy measures both together. Report both, or
#   nobody knows which one to improve.
#
# ## The code that runs
#
# - `minirl/tools/arithmetic.py` and `minirl/tools/calculator.py`: your calculator, with fractions and decimals.
# - `minirl/tools/toolbox.py`: the rules about marks, and all limits of a call.
# - `minirl/rl/mdp.py`: the environment that appends results, and `Episode.forced`.
# - `minirl/rl/batch.py`: forced tokens become targets that the loss ignores.
# - `minirl/retrieval/bm25.py`, `minirl/retrieval/dense.py` and `minirl/retrieval/fusion.py`: your ranking, fast;
#   vectors of minirl's own transformer; and your fusion.
# - `minirl/tasks/look_up.py` and `minirl/tasks/open_book.py`: the tasks of sections 8 and 9.
#
# ## Sources
#
# - Cormack, G. V., Clarke, C. L. A. and Büttcher, S. (2009). Reciprocal rank fusion outperforms Condorcet and
#   individual rank learning methods. *SIGIR 2009*.
# - Deerwester, S. and others (1990). Indexing by latent semantic analysis. *Journal of the American Society for
#   Information Science 41*.
# - Robertson, S. and Zaragoza, H. (2009). The probabilistic relevance framework: BM25 and beyond. *Foundations and
#   Trends in Information Retrieval 3*.
#
# **Next:** lesson 18 asks how far any of these numbers can be trusted. Lesson 21 opens a public model, and teaches it.
