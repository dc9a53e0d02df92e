"""Each rule keeps good text, and says why it does not keep what it is there for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirl.corpus.page import Page
from minirl.corpus.rules import NAMES, quality, repetition, rules, verdict
from minirl.corpus.rules.contamination import Contamination, looked_for
from minirl.corpus.rules.language import rule_for, shares
from minirl.tasks.choice import Choice, with_options

GOOD = (
    "The sound of a bell reaches us because the bell moves the air around it, and the air carries that motion to our "
    "ears. When you strike it, the metal bends a little to one side and then to the other, many hundreds of "
    "times each second. Every bend pushes on the air that is next to it, which pushes on the air behind, so a wave "
    "goes out in all directions. With no air, as on the moon, you would see the bell move but hear nothing at all."
)
GERMAN = (
    "Der Klang einer Glocke erreicht uns, weil die Glocke die Luft um sich herum bewegt und die Luft diese Bewegung zu "
    "unseren Ohren trägt. Wenn man sie anschlägt, biegt sich das Metall ein wenig nach der einen und dann nach der "
    "anderen Seite, und das viele hundert Male in jeder Sekunde. Auf dem Mond, wo es keine Luft gibt, hört man nichts."
)


def test_good_text_passes_every_rule():
    assert verdict(Page(GOOD), rules("en", Contamination({}))) is None
    assert set(rules("en", Contamination({}))) == set(NAMES)


@pytest.mark.parametrize(
    ("rule", "text", "reason"),
    [
        (quality.length, "A few words.", "3 words; expected 50 or more"),
        (quality.length, "word " * 100_001, "100,001 words"),
        (quality.word_length, "a b c " * 50, "words have 1.0 characters"),
        (quality.symbols, GOOD + " # " * 30, "30 times '#'"),
        (quality.symbols, "and so on... " * 20, "20 times '...'"),
        (quality.bullets, "\n".join("- " + word for word in GOOD.split()), "100% of the lines are items"),
        (quality.bullets, "\n".join(["It goes on…", "It ends."] * 20), "50% of the lines end"),
        (quality.letters, "12,000 4.5% 1999 the of " * 20, "40% of the words have a letter"),
        (quality.stop_words, "Buy cheap shoes online now " * 20, "0 of the words"),
        (quality.filler, GOOD + " Lorem ipsum dolor sit amet.", "lorem ipsum"),
        (quality.placeholders, GOOD.replace("bell", "<unk>"), "marks such as <unk>"),
        (repetition.repeated_lines, "\n".join([GOOD[:100]] * 3 + [GOOD]), "of the lines occur before"),
        (repetition.repeated_words, GOOD + GOOD[:120] * 2, "words in a row make"),
        (repetition.repeated_words, " ".join(f"buy now {n} x" for n in range(40)) + GOOD, "the same 2 words in a row"),
    ],
)
def test_what_a_rule_is_there_for(rule, text, reason):
    assert reason in rule(Page(text))
    assert rule(Page(GOOD)) is None


def test_letters_of_any_alphabet_are_letters():
    assert quality.letters(Page("Звук колокола доходит до нас, потому что он движет воздух")) is None


def test_languages():
    assert rule_for("en")(Page(GERMAN)).startswith("looks like de: ")
    assert rule_for("de")(Page(GERMAN)) is None
    assert rule_for("en")(Page("Two words")) is None, "too short to tell"
    assert "0% of the words" in rule_for("en")(Page("zxq wvu " * 20))
    found = shares(Page(GOOD))
    assert found["en"] > 2 * max(share for language, share in found.items() if language != "en")
    with pytest.raises(ValueError, match="no list of words for the language 'klingon'; there are en, de"):
        rule_for("klingon")
    assert "language" not in rules("all", None)


@given(st.text(max_size=300))
def test_rules_judge_any_text_and_judge_it_alike(text):
    asked = rules("en", Contamination({"t": [GOOD]}))
    assert verdict(Page(text), asked) == verdict(Page(text), asked)


# ---- contamination ----

QUESTION = "Tom has 3 boxes with 12 pencils in each, and gives 7 of them away. How many pencils has he left?"


@pytest.mark.parametrize(
    ("stem", "found"), [("Which gas do the leaves of most plants take up by day?", True), ("Iron sticks to", False)]
)
def test_options_are_not_part_of_what_is_looked_for(stem, found):
    options = ("a nickel", "a plank", "a brick", "a shirt, a hat and four other things")
    rule = Contamination({"t": [looked_for(Choice(with_options(stem, options), "", "A", stem, options, stem))]})
    assert (rule(Page(f"{GOOD} {stem} {GOOD}")) is not None) == found
    assert rule(Page(f"{GOOD} {with_options(stem, options)}")) is not None


def test_a_test_problem_in_a_text_is_found():
    rule = Contamination({"mine, test": [QUESTION, "What is sound?", "Is the moon made of cheese?"]})
    assert rule(Page(GOOD)) is None
    quoted = GOOD + "\n\ntom has 3 BOXES, with 12 pencils in each -- and gives 7 of them away. " + GOOD
    assert rule(Page(quoted)).startswith("has 13 words of a problem of mine, test: 'tom has 3 boxes")
    assert rule(Page("Is the moon made of cheese? No.")).startswith("has 6 words of a problem")
    assert rule(Page("Is the moon made of stone? Yes.")) is None
    assert rule(Page("What is sound? It is a wave.")) is None, "too short to be looked for"
    assert rule(Page("Tom has 3 boxes with 12 pencils in each")) is None, "8 of its words"


def test_equal_hashes_are_not_taken_for_equal_words():
    rule = Contamination({"mine": [QUESTION]})
    rule.source.clear()  # as if the hash had found something else
    assert rule(Page(QUESTION)) is None
