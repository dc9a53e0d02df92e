"""The stories that word problems are made of: their wordings, the steps of the solution, and how the solution is told.

A wording's holes are filled by word_problems.py:

    {name} {he} {He} {his}   the person the story is about       {other}   a second person
    {thing} {things} {pack} {packs}   what is counted, and what it comes in
    {a} {b} {c} {d}          the numbers of the question, in the order in which it mentions them
    {m} {k} {n}              what the steps give; n is the answer
    {a thing} {b pack} {c dollar}    a number and its noun, which agree: 1 apple, 2 apples

The trace begins with the person, so that a demonstration's first action a_0 is the subject of the prompt. Otherwise it
is as short as a sentence allows, because each of its tokens is one more action for reinforcement learning to judge.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Story:
    """One kind of problem. Its level of difficulty is the number of its steps, 1 to 3.

    `numbers` gives the range of each number ("a 2-40 b 1-20"); `steps` are lines "result = left operator right".
    `kinds` are the kinds of things (words.py) that the story can be about.
    """

    name: str
    kinds: str
    numbers: str
    steps: tuple[str, ...]
    wordings: tuple[str, ...]
    trace: str

    @property
    def level(self) -> int:
        """The number of steps from the question to the answer."""
        return len(self.steps)


ANY = "fruit baked garden toy paper small ball"

STORIES = (
    # ---- one step
    Story("gets", ANY, "a 1-40 b 1-40", ("n = a + b",),
          ("{name} has {a thing}. {He} gets {b} more. How many {things} does {he} have now?",
           "{name} had {a thing} and found {b} more. How many {things} is that?"),
          "{name} has {a} + {b} = {n thing}."),
    Story("gives", ANY, "a 2-50 b 1-45", ("n = a - b",),
          ("{name} has {a thing}. {He} gives {b} to a friend. How many {things} are left?",
           "{name} had {a thing} and lost {b}. How many {things} does {he} still have?"),
          "{name} has {a} - {b} = {n thing}."),
    Story("boxes", ANY, "a 2-12 b 2-12", ("n = a * b",),
          ("{name} has {a pack} of {things}. Each {pack} holds {b}. How many {things} does {he} have?",
           "{name} fills {a pack} with {b thing} each. How many {things} is that?"),
          "{name} has {a} * {b} = {n thing}."),
    Story("share", ANY, "a 4-50 b 2-10", ("n = a / b",),
          ("{name} shares {a thing} equally among {b} friends. How many {things} does each friend get?",
           "{name} puts {a thing} into {b pack}, the same number in each. How many {things} are in each {pack}?"),
          "{name} has {a} / {b} = {n} for each."),
    Story("compare", ANY, "a 1-40 b 1-30", ("n = a + b",),
          ("{name} has {a thing}. {other} has {b} more than {name}. How many {things} does {other} have?",
           "{name} has {a thing}. That is {b} fewer than {other} has. How many {things} does {other} have?"),
          "{name} has {a}. {other} has {a} + {b} = {n}."),
    Story("times", ANY, "a 2-15 b 2-9", ("n = a * b",),
          ("{name} has {a thing}. {other} has {b} times as many. How many {things} does {other} have?",
           "{name} sold {a thing}. {other} sold {b} times as many. How many {things} did {other} sell?"),
          "{name} has {a}. {other} has {a} * {b} = {n}."),
    Story("difference", ANY, "a 2-50 b 1-45", ("n = a - b",),
          ("{name} has {a thing} and {other} has {b}. How many more {things} does {name} have?",
           "{name} found {a thing}. {other} found {b}. How many fewer {things} did {other} find?"),
          "{name} has {a} - {b} = {n} more."),
    Story("rows", "garden", "a 2-12 b 2-12", ("n = a * b",),
          ("{name} plants {a} rows of {things} with {b} in each row. How many {things} does {he} plant?",
           "{name} has a garden with {a} rows. There are {b thing} in each row. How many {things} is that?"),
          "{name} has {a} * {b} = {n thing}."),
    Story("pages", "page", "a 2-10 b 4-50", ("n = b / a",),
          ("{name} reads {a page} a day. How many days does {he} need for a book of {b page}?",
           "{name} reads {a page} each night. In how many nights does {he} read {b page}?"),
          "{name} needs {b} / {a} = {n}."),
    # ---- two steps
    Story("packs more", ANY, "a 1-30 b 2-9 c 2-9", ("m = b * c", "n = a + m"),
          ("{name} has {a thing}. {He} buys {b} more {packs} of {things}. Each {pack} has {c thing}. "
           "How many {things} does {he} have now?",
           "{name} has {a thing} and gets {b pack} with {c thing} each. How many {things} does {he} have in all?"),
          "{name} has {a thing}. {b pack} of {c} is {b} * {c} = {m}. {a} + {m} = {n}."),
    Story("packs less", ANY, "a 2-9 b 2-9 c 1-30", ("m = a * b", "n = m - c"),
          ("{name} buys {a pack} of {things} with {b} in each. {He} gives away {c}. How many {things} are left?",
           "{name} had {a pack} with {b thing} each, but lost {c thing}. How many {things} does {he} have now?"),
          "{name} has {a} * {b} = {m}. {m} - {c} = {n}."),
    Story("gets and gives", ANY, "a 1-30 b 1-20 c 1-30", ("m = a + b", "n = m - c"),
          ("{name} has {a thing}. {He} finds {b} and then loses {c}. How many {things} does {he} have now?",
           "{name} had {a thing}, got {b} more and gave {c} away. How many {things} are left?"),
          "{name} has {a} + {b} = {m}. {m} - {c} = {n}."),
    Story("colors", "toy small ball", "a 1-20 b 1-20 c 2-20", ("m = a + b", "n = m + c"),
          ("{name} has {a} red, {b} blue and {c} green {things}. How many {things} does {he} have?",
           "{name} gets {a thing}, finds {b} more and buys {c} more. How many {things} is that?"),
          "{name} has {a} + {b} = {m}. {m} + {c} = {n}."),
    Story("bakery", "baked", "a 3-50 b 1-25 c 1-25", ("m = a - b", "n = m - c"),
          ("{name} bakes {a thing}. {He} eats {b} and sells {c}. How many {things} are left?",
           "{name} made {a thing}, gave {b} to {his} class and ate {c}. How many {things} does {he} still have?"),
          "{name} has {a} - {b} = {m}. {m} - {c} = {n}."),
    Story("harvest", "fruit garden", "a 1-30 b 2-30 c 2-9", ("m = a + b", "n = m / c"),
          ("{name} picks {a thing}, and later {b} more. {He} puts them into {c pack}, the same number in each. "
           "How many {things} are in each {pack}?",
           "{name} has {a} big and {b} small {things}. {c} friends share them equally. "
           "How many {things} does each friend get?"),
          "{name} has {a} + {b} = {m}. {m} / {c} = {n}."),
    Story("both more", ANY, "a 1-20 b 1-15", ("m = a + b", "n = a + m"),
          ("{name} has {a thing}. {other} has {b} more than {name}. How many {things} do they have together?",
           "{name} found {a thing} and {other} found {b} more than that. How many {things} did they find in all?"),
          "{name} has {a}. {other} has {a} + {b} = {m}. {a} + {m} = {n}."),
    Story("both times", ANY, "a 1-12 b 2-6", ("m = a * b", "n = a + m"),
          ("{name} has {a thing}. {other} has {b} times as many. How many {things} do they have together?",
           "{name} sold {a thing} and {other} sold {b} times as many. How many {things} did they sell in all?"),
          "{name} has {a}. {other} has {a} * {b} = {m}. {a} + {m} = {n}."),
    Story("wages", "dollar", "a 2-10 b 2-9 c 1-40", ("m = a * b", "n = m - c"),
          ("{name} earns {a dollar} an hour. {He} works {b} hours and spends {c dollar}. How many dollars are left?",
           "{name} works {a} hours for {b dollar} an hour and then pays {c dollar} for lunch. "
           "How many dollars does {he} have left?"),
          "{name} earns {a} * {b} = {m}. {m} - {c} = {n}."),
    Story("shopping", ANY, "a 5-50 b 2-9 c 1-10", ("m = b * c", "n = a - m"),
          ("{name} has {a dollar}. {He} buys {b thing} for {c dollar} each. How many dollars are left?",
           "{name} takes {a dollar} to the shop and gets {b thing} at {c dollar} each. "
           "How many dollars does {he} still have?"),
          "{name} pays {b} * {c} = {m}. {a} - {m} = {n}."),
    Story("saving", "dollar", "a 1-30 b 1-9 c 2-9", ("m = b * c", "n = a + m"),
          ("{name} has {a dollar} and saves {b dollar} a week. How many dollars does {he} have after {c} weeks?",
           "{name} starts with {a dollar}. {He} earns {b dollar} a day for {c} days. How many dollars is that in all?"),
          "{name} earns {b} * {c} = {m}. {a} + {m} = {n}."),
    Story("wish", "dollar", "a 1-30 b 5-50 c 2-9", ("m = b - a", "n = m / c"),
          ("{name} has {a dollar} and wants a game for {b dollar}. {He} saves {c dollar} a week. "
           "How many weeks does {he} need?",
           "{name} has {a dollar}. A bike costs {b dollar}. {He} earns {c dollar} a day. "
           "In how many days can {he} buy it?"),
          "{name} needs {b} - {a} = {m}. {m} / {c} = {n}."),
    Story("shelves", "toy paper small ball", "a 2-9 b 2-9 c 1-20", ("m = a * b", "n = m + c"),
          ("{name} has {a} shelves with {b thing} each and {c} more on a table. How many {things} does {he} have?",
           "{name} fills {a pack} with {b thing} each and has {c} left over. How many {things} is that in all?"),
          "{name} has {a} * {b} = {m}. {m} + {c} = {n}."),
    Story("repack", ANY, "a 2-9 b 2-9 c 2-9", ("m = a * b", "n = m / c"),
          ("{name} has {a pack} of {b thing} each. {He} shares them equally among {c} friends. "
           "How many {things} does each friend get?",
           "{name} has {a} rows of {b thing}. {He} puts them in {c} rows instead. How many {things} are in each row?"),
          "{name} has {a} * {b} = {m}. {m} / {c} = {n}."),
    # ---- three steps
    Story("two sizes", ANY, "a 2-6 b 2-9 c 2-6 d 2-9", ("m = a * b", "k = c * d", "n = m + k"),
          ("{name} buys {a} small {packs} of {b thing} and {c} big {packs} of {d}. How many {things} does {he} buy?",
           "{name} has {a} red {packs} with {b thing} each and {c} blue {packs} with {d} each. "
           "How many {things} is that?"),
          "{name} has {a} * {b} = {m}. {c} * {d} = {k}. {m} + {k} = {n}."),
    Story("packs and gives", ANY, "a 1-25 b 2-6 c 2-9 d 1-25", ("m = b * c", "k = a + m", "n = k - d"),
          ("{name} has {a thing}. {He} buys {b pack} with {c} in each and then gives {d} away. "
           "How many {things} are left?",
           "{name} had {a thing}, got {b pack} of {c thing} and lost {d}. How many {things} does {he} have now?"),
          "{name} buys {b} * {c} = {m}. {a} + {m} = {k}. {k} - {d} = {n}."),
    Story("party", "fruit baked", "a 1-30 b 2-30 c 2-8 d 1-9", ("m = a + b", "k = m / c", "n = k - d"),
          ("{name} shares {a} big and {b} small {things} equally among {c} friends. Each friend eats {d}. "
           "How many {things} does each friend have left?",
           "{name} has {a thing} and gets {b} more. {c} children share them equally, and each eats {d}. "
           "How many {things} does each child have now?"),
          "{name} has {a} + {b} = {m}. {m} / {c} = {k}. {k} - {d} = {n}."),
    Story("change", ANY, "a 2-9 b 1-9 c 1-9 d 5-50", ("m = a * b", "k = m + c", "n = d - k"),
          ("{name} buys {a thing} for {b dollar} each and a bag for {c dollar}. {He} pays with {d dollar}. "
           "How many dollars does {he} get back?",
           "{name} gets {a thing} at {b dollar} each and lunch for {c dollar}. {He} had {d dollar}. "
           "How many dollars are left?"),
          "{name} pays {a} * {b} = {m}. {m} + {c} = {k}. {d} - {k} = {n}."),
    Story("share all", ANY, "a 2-9 b 2-9 c 1-20 d 2-9", ("m = a * b", "k = m + c", "n = k / d"),
          ("{name} has {a pack} of {b thing} and {c} more. {He} shares them equally among {d} friends. "
           "How many {things} does each friend get?",
           "{name} has {a} shelves with {b thing} each, and buys {c} more. {He} puts them all on {d} shelves, "
           "the same number on each. How many {things} are on each shelf?"),
          "{name} has {a} * {b} = {m}. {m} + {c} = {k}. {k} / {d} = {n}."),
)  # fmt: skip
