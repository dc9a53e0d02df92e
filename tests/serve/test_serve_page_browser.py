"""The page of minirl.serve in a real browser, against the real server and a model that was trained for a few seconds.

pip install 'minirl[serve]' playwright axe-playwright-python         and Chromium, such as Debian's package chromium
python -m pytest -m slow tests/serve/test_serve_page_browser.py
"""

import json
import re
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from listening import ask, serving, settled  # skips where the server's libraries are not installed

from minirl.generate import Engine
from minirl.microscope import signed
from minirl.preferences import read_pairs
from minirl.retrieval.lookup import open_lookup
from minirl.runs import PRESETS, EvalConfig, ModelConfig, PretrainConfig, RLStageConfig, Run, Screen, SFTConfig
from minirl.serve.served import Limits
from minirl.train import chain, check, pretrain

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
LOOKS = [(width, scheme) for width in (360, 1280) for scheme in ("light", "dark")]

sync_api = pytest.importorskip("playwright.sync_api", reason="a browser needs the packages playwright and chromium")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the package axe-playwright-python")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium to look at the page with"),
]

SMALL = replace(
    PRESETS["calculator"],
    name="small",
    model=ModelConfig(300, "gpt4-digits", context_length=320, n_layer=1, n_head=2, d_model=32, d_ff=64),
    pretrain=PretrainConfig(steps=8, learning_rate=1e-2, warmup=2, batch_tokens=500),
    sft=SFTConfig(demonstrations=8, epochs=100, learning_rate=1.5e-2, warmup=2, batch_rows=8, rehearsal_texts=0),
    rl=RLStageConfig(steps=1, prompts=2, samples=2, warmup=1, max_new_tokens=48, kl=0.1),
    evaluation=EvalConfig(problems=2, samples=2, dev_problems=2, probes=1, max_new_tokens=48),
)  # fmt: skip
SLOTS, QUEUE = 6, 2


def spoken(word: str) -> str:
    """A token as a screen reader hears it."""
    return word.strip(" ").replace("\n", " line break ").strip() or "space"


@dataclass
class Site:
    """A server that runs, and how to ask it without the page."""

    running: Any
    run: Run
    pause: float = 0.0
    """Seconds that each step of the engine takes longer, where something has to happen while the model writes."""

    def generate(self, **asked: Any) -> list[dict[str, Any]]:
        """The events of an answer."""
        status, events = ask(self.running, "/minirl/generate", asked)
        assert status == 200, events
        return events

    def words(self, **asked: Any) -> list[str]:
        """The tokens of an answer, as a screen reader hears them."""
        return [spoken(event["word"]) for event in self.generate(**asked) if event["type"] == "token"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose model knows eight demonstrations by heart, calls of the calculator included."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretrain, "TOKENIZER_DOCUMENTS", 300)
        patch.setattr(pretrain, "CHUNK", 100)
        patch.setattr(check, "DOCUMENTS_LOOKED_AT", 100)
        return chain.train(replace(SMALL, runs=str(tmp_path_factory.mktemp("page"))), Screen(quiet=True))


@pytest.fixture(scope="module")
def site(trained: Run) -> Iterator[Site]:
    limits = Limits(slots=SLOTS, queue=QUEUE)
    with (
        serving(trained, limits, lookup=open_lookup("science"), place="science") as running,
        pytest.MonkeyPatch.context() as patch,
    ):
        made, step = Site(running, trained), Engine.step

        def slower(engine: Engine, *rest: Any) -> Any:
            time.sleep(made.pause)
            return step(engine, *rest)

        patch.setattr(Engine, "step", slower)
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with (
        sync_api.sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET) as browser,
    ):
        yield browser


@dataclass
class Seen:
    """An open page, and what went wrong in it."""

    page: Any
    site: Site
    faults: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def ask(self, question: str | None = None) -> None:
        if question is not None:
            self.page.fill("#box", question)
        self.page.click("#go")
        self.end()

    def end(self) -> None:
        """Wait until nothing is being written."""
        self.page.wait_for_selector("#live", state="hidden")

    def words(self, answer: int = 0) -> list[str]:
        """The tokens of an answer as the page tells them to a screen reader, without their probability."""
        labels = self.page.locator(".answer").nth(answer).locator(".token.action").evaluate_all(
            "tokens => tokens.map(token => token.getAttribute('aria-label'))"
        )  # fmt: skip
        return [re.sub(r"(, (<?[\d.]+%|written by you|put there by the tool))+$", "", label) for label in labels]

    def token(self, t: int, answer: int = 0) -> Any:
        return self.page.locator(".answer").nth(answer).locator(".token.action").nth(t)

    def wide(self) -> bool:
        return self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")

    def violations(self) -> list[str]:
        found = axe.Axe().run(self.page).response["violations"]
        return [f"{one['id']} at {one['nodes'][0]['target']}: {one['help']}" for one in found]

    def settings(self, **values: object) -> None:
        """Open the settings, fill number boxes by their label, and fold them again."""
        self.page.click("#more summary")
        for name, value in values.items():
            place = self.page.locator(f'#settings input[type=number][aria-label="{name.replace("_", " ")}"]')
            place.fill(str(value))
            place.press("Tab")
        self.page.click("#more summary")


@pytest.fixture
def look() -> tuple[int, str]:
    return 1280, "light"


@pytest.fixture
def seen(look: tuple[int, str], browser: Any, site: Site) -> Iterator[Seen]:
    width, scheme = look
    size = {"width": width, "height": 900 if width > 800 else 740}
    with browser.new_context(viewport=size, color_scheme=scheme, accept_downloads=True) as context:
        made = Seen(context.new_page(), site)
        made.page.on("pageerror", lambda error: made.faults.append(str(error)))
        made.page.on("console", lambda message: made.faults.append(f"{message.type}: {message.text}"))
        context.on("request", lambda request: made.asked.append(request.url))
        made.page.goto(site.running.url)
        made.page.wait_for_selector("#ideas button")
        yield made
        site.pause = 0.0
        assert made.faults == []
        assert [url for url in made.asked if not url.startswith((site.running.url, "blob:", "data:", "file:"))] == []


def demonstration(site: Site) -> str:
    """A question that the model answers with a call."""
    for record in site.run.task().problems("train", 40):
        if any(event["type"] == "call" for event in site.generate(question=record.question, stage="sft")):
            return record.question
    raise AssertionError("the model calls its tool for none of 40 questions")


# ---- asking and looking ----


def test_one_click_asks_the_first_suggestion(seen: Seen) -> None:
    assert seen.page.input_value("#box").startswith("Roger has 5 tennis balls.")
    question = seen.page.input_value("#box")
    seen.ask()
    written = seen.site.words(question=question)
    assert seen.words() == written
    assert seen.page.inner_text("#said").startswith(f"after RL: {len(written)} token")


def test_a_token_shows_what_the_policy_said(seen: Seen) -> None:
    seen.ask("Tom has 3 apples.")
    event = [e for e in seen.site.generate(question="Tom has 3 apples.", top=20) if e["type"] == "token"][2]
    seen.token(2).click()
    rows = seen.page.locator("#panel .words .word").evaluate_all("rows => rows.map(row => row.innerText.split('\\n'))")
    shown = [float(row[-1].strip("<%")) / 100 for row in rows[:8]]
    assert shown == pytest.approx([choice["p"] for choice in event["top"][:8]], abs=0.005)
    numbers = seen.page.inner_text("#panel .numbers")
    assert f"{event['entropy']:.2f} nats" in numbers and str(event["rank"] + 1) in numbers
    assert signed(f"{event['log_prob']:.3f}") in numbers
    assert seen.token(2).get_attribute("aria-selected") == "true"


def test_an_alternative_begins_a_branch_and_the_old_version_stays(seen: Seen) -> None:
    seen.ask("Tom has 3 apples.")
    before = seen.words()
    events = [e for e in seen.site.generate(question="Tom has 3 apples.", top=20) if e["type"] == "token"]
    other = next(choice for choice in events[2]["top"] if choice["id"] != events[2]["id"])
    seen.token(2).click()
    seen.page.locator("#panel .words button.word").first.click()
    seen.end()
    prefix = [event["id"] for event in events[:2]] + [other["id"]]
    rest = seen.site.words(question="Tom has 3 apples.", prefix_ids=prefix)
    assert seen.words() == [*before[:2], spoken(other["text"]), *rest]
    assert "branched at token 3" in seen.page.inner_text(".answer .about")
    seen.page.click("[aria-label='the version before']")
    assert seen.words() == before


def test_stages_answer_side_by_side(seen: Seen) -> None:
    seen.page.check("#stages >> text=after SFT")
    seen.page.uncheck("#stages >> text=after RL")
    seen.page.check("#stages >> text=after pretraining")
    seen.ask("Tom has 3 apples.")
    assert seen.page.locator(".answer h3").all_inner_texts() == ["after pretraining", "after SFT"]
    for number, stage in enumerate(("pretrain", "sft")):
        assert seen.words(number) == seen.site.words(question="Tom has 3 apples.", stage=stage)
    boxes = [seen.page.locator(".answer").nth(number).bounding_box() for number in (0, 1)]
    assert boxes[0]["y"] == boxes[1]["y"] and boxes[0]["x"] < boxes[1]["x"]


def test_samples_vote(seen: Seen) -> None:
    seen.settings(Temperature=1, Samples=5, Seed=3)
    seen.page.check("#stages >> text=after SFT")
    seen.page.uncheck("#stages >> text=after RL")
    question = demonstration(seen.site)
    seen.ask(question)
    done = seen.site.generate(question=question, stage="sft", temperature=1, samples=5, seed=3)[-1]["vote"]
    rows = seen.page.locator(".vote-row").evaluate_all("rows => rows.map(row => row.innerText.split('\\n'))")
    counts = {row[0].removeprefix("✓ "): int(row[-1].split()[0]) for row in rows}
    assert sum(counts.values()) == 5
    assert {answer: n for answer, n in counts.items() if answer != "no answer"} == {
        one["answer"]: one["votes"] for one in done["answers"]
    }
    chosen = [] if done["chosen"] is None else [done["chosen"]]
    marked = seen.page.locator(".answer").evaluate_all("all => all.map(one => one.classList.contains('chosen'))")
    assert [number for number, yes in enumerate(marked) if yes] == chosen


def test_a_call_is_a_card(seen: Seen) -> None:
    question = demonstration(seen.site)
    seen.page.check("#stages >> text=after SFT")
    seen.page.uncheck("#stages >> text=after RL")
    seen.ask(question)
    call = next(event for event in seen.site.generate(question=question, stage="sft") if event["type"] == "call")
    card = seen.page.locator(".tool").first
    assert "calculator" in card.locator(".tool-name").inner_text()
    assert call["result"] in card.locator(".result-part").inner_text()
    card.locator(".result-part .token").first.click()
    assert "not chosen by the model" in seen.page.inner_text("#panel")
    assert seen.page.locator("#panel .words").count() == 0  # nobody chose it, so there are no alternatives


def test_facts_are_cards(seen: Seen) -> None:
    seen.page.click("#more summary")
    seen.page.check("text=looks facts up in science")
    seen.ask("What is refraction?")
    cards = seen.page.locator(".fact-card").all_inner_texts()
    assert 1 <= len(cards) <= 3 and "score" in cards[0] and "refraction" in cards[0].lower()
    seen.page.get_by_label("Facts of your own, one a line").fill("The Sun is a star.\n\nMars is a planet.")
    seen.ask("What is the Sun?")
    own = seen.page.locator(".turn").nth(1).locator(".fact-card").all_inner_texts()
    assert [card.split("\n")[1] for card in own] == ["The Sun is a star.", "Mars is a planet."]
    assert all("yours" in card for card in own)


# ---- stopping ----


@pytest.mark.parametrize("how", ["Escape", "click"])
def test_stop_stops_at_once_and_the_answer_can_go_on(seen: Seen, how: str) -> None:
    question = demonstration(seen.site)
    whole = seen.site.words(question=question)
    seen.site.pause = 0.15
    seen.page.fill("#box", question)
    seen.page.click("#go")
    seen.token(2).wait_for()
    assert re.search(r"\d+ tokens · \d+ tokens/s", seen.page.inner_text("#pace"))
    if how == "click":
        seen.page.click("#stop")
    else:
        seen.page.keyboard.press("Escape")
    written = seen.words()
    seen.page.wait_for_timeout(600)
    assert seen.words() == written and len(written) < len(whole)
    assert "stopped by you" in seen.page.inner_text(".answer .about")
    assert settled(seen.site.running.served)
    seen.site.pause = 0.0
    seen.page.click("text=Continue")
    seen.end()
    assert seen.words() == whole
    assert seen.page.evaluate("document.activeElement.getAttribute('role')") == "option"  # the focus is not lost


# ---- the notebook ----


def test_a_free_text_is_continued_and_can_be_changed(seen: Seen) -> None:
    seen.page.click("#as-text")
    seen.settings(At_most_tokens=5)
    seen.ask("Tom has 3 apples and")
    assert seen.words() == seen.site.words(prompt="Tom has 3 apples and", max_tokens=5)
    seen.page.click(".answer >> text=Edit")
    assert seen.page.input_value(".edit textarea").startswith("Tom has 3 apples and")
    seen.page.fill(".edit textarea", "Tom eats")
    seen.page.click("text=Write on from here")
    seen.end()
    assert seen.words() == seen.site.words(prompt="Tom eats", max_tokens=5)
    assert seen.page.locator(".answer .given").all_inner_texts()
    assert seen.page.locator(".steps").inner_text().split() == ["‹", "2", "of", "2", "›"]


def test_an_edited_answer_goes_on_from_its_end(seen: Seen) -> None:
    seen.ask("Tom has 3 apples.")
    seen.page.click(".answer >> text=Edit")
    seen.page.fill(".edit textarea", " Tom")
    seen.page.click("text=Write on from here")
    seen.page.wait_for_selector(".token.yours")  # the text is cut into tokens first
    seen.end()
    assert seen.words()[0] in ("Tom", "T", "space")


# ---- by keyboard, on a phone, in the dark ----


def test_all_of_it_by_keyboard(seen: Seen) -> None:
    seen.page.focus("#box")
    seen.page.fill("#box", "Tom has 3 apples.")
    seen.page.keyboard.press("Control+Enter")
    seen.end()
    seen.page.focus("#theme")
    for _ in range(12):
        seen.page.keyboard.press("Tab")
        if seen.page.evaluate("document.activeElement.classList.contains('token')"):
            break
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        seen.page.keyboard.press(key)
    assert seen.page.evaluate("document.activeElement === document.querySelectorAll('.token.action')[1]")
    seen.page.keyboard.press("Enter")
    seen.page.keyboard.press("ArrowDown")
    assert seen.page.evaluate("document.activeElement === document.querySelectorAll('.words button')[1]")
    seen.page.keyboard.press("Escape")
    assert seen.page.evaluate("document.activeElement === document.querySelectorAll('.token.action')[1]")
    seen.page.keyboard.press("Enter")
    seen.page.keyboard.press("Enter")
    seen.end()
    assert "branched at token 2" in seen.page.inner_text(".answer .about")


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
def test_every_state_is_accessible_and_fits(seen: Seen, look: tuple[int, str]) -> None:
    states = {}

    def state(name: str) -> None:
        states[name] = seen.violations() + (["wider than the screen"] if seen.wide() else [])

    state("first")
    seen.page.check("#stages >> text=after SFT")
    seen.ask(demonstration(seen.site))
    state("answered")
    seen.token(1).click()
    state("token")
    seen.page.click("#more summary")
    state("settings")
    seen.page.keyboard.press("Escape")
    seen.page.click(".answer >> text=Edit >> nth=0")
    state("editing")
    seen.page.click("#export summary")
    state("export")
    menu = seen.page.locator("#export .card").bounding_box()
    assert menu["x"] >= 0 and menu["x"] + menu["width"] <= look[0]
    assert states == {name: [] for name in states}
    assert seen.page.evaluate("document.documentElement.dataset.theme") == look[1]


@pytest.mark.parametrize("look", [(360, "light")])
def test_on_a_phone_the_panel_covers_the_lower_half_until_it_is_closed(seen: Seen) -> None:
    seen.ask("Tom has 3 apples.")
    assert not seen.page.is_visible("#panel")
    seen.token(2).click()
    panel, token = seen.page.locator("#panel").bounding_box(), seen.token(2).bounding_box()
    assert panel["y"] > 200 and token["y"] + token["height"] <= panel["y"]
    seen.page.keyboard.press("Escape")
    assert not seen.page.is_visible("#panel")


def test_the_theme_changes_with_its_button(seen: Seen) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    before = seen.page.evaluate(colour)
    seen.page.click("#theme")
    assert seen.page.evaluate(colour) != before


# ---- errors, exports, and what models and people write ----


def test_a_full_queue_and_a_setting_out_of_range_are_told_in_sentences(seen: Seen) -> None:
    seen.site.pause = 0.1
    busy = threading.Thread(
        target=seen.site.generate,
        kwargs={"question": "Tom has 3 apples.", "samples": SLOTS + QUEUE, "temperature": 1, "max_tokens": 40},
    )
    busy.start()
    while seen.site.running.served.running < SLOTS:
        time.sleep(0.01)
    seen.ask("Tom has 3 apples.")
    assert "Wait a few seconds and ask again." in seen.page.inner_text(".answer .trouble")
    seen.site.pause = 0.0
    busy.join()
    seen.settings(Top_p=7)
    seen.ask("Tom has 3 apples.")
    told = seen.page.locator(".turn").nth(1).locator(".trouble").inner_text()
    assert "top_p" in told and "7" in told and "Change that setting" in told
    seen.settings(Top_p=1)
    seen.page.click(".turn:nth-of-type(2) .foot button")  # ask again
    seen.end()
    assert seen.words(1) == seen.site.words(question="Tom has 3 apples.")
    assert len(seen.faults) == 2 and all("status of 4" in fault for fault in seen.faults)
    seen.faults.clear()


def test_a_lost_server_is_told_in_a_sentence(seen: Seen) -> None:
    seen.page.context.set_offline(True)
    seen.ask("Tom has 3 apples.")
    assert "Look whether python -m minirl.serve still runs" in seen.page.inner_text(".trouble")
    seen.page.context.set_offline(False)
    seen.page.click("text=Ask again")
    seen.end()
    assert seen.words() == seen.site.words(question="Tom has 3 apples.")
    seen.faults.clear()  # the browser reports the lost connection by itself


def test_a_key_comes_from_the_address(seen: Seen) -> None:
    with serving(seen.site.run, Limits(slots=SLOTS, queue=QUEUE), key="secret") as closed:
        seen.page.goto(closed.url)
        assert "Add #key= and the server's key" in seen.page.inner_text("#welcome")
        assert not seen.page.is_visible("#ask")
        seen.faults.clear()  # the browser reports the status 401 by itself
        seen.page.goto(f"{closed.url}/#key=secret")
        seen.page.wait_for_selector("#ideas button")
        seen.ask("Tom has 3 apples.")
        assert seen.words() == seen.site.words(question="Tom has 3 apples.")
        seen.asked.clear()


def test_what_is_written_stays_text(seen: Seen) -> None:
    seen.ask("</script><img src=x onerror=alert(1)><b>bold</b>")
    assert seen.page.locator("#conversation img, #conversation h2 b").count() == 0
    assert seen.page.inner_text(".turn h2") == "</script><img src=x onerror=alert(1)><b>bold</b>"


def test_a_saved_conversation_opens_without_a_server(seen: Seen, tmp_path: Path) -> None:
    seen.ask("</script><img src=x> 5 + 6?")
    words = seen.words()
    seen.page.click("#export summary")
    with seen.page.expect_download() as download:
        seen.page.click("#as-page")
    path = tmp_path / "saved.html"
    download.value.save_as(path)
    seen.asked.clear()
    seen.page.goto(path.as_uri())
    assert seen.words() == words and not seen.page.is_visible("#ask")
    seen.token(1).click()
    assert seen.page.locator("#panel .words .word.taken").count() == 1
    assert seen.page.locator("#panel .words button.word").count() == 0  # there is nobody to go on
    assert seen.violations() == []
    assert all(url.startswith(("file:", "data:")) for url in seen.asked)


def test_false_equations_and_quoted_facts_are_marked(seen: Seen, tmp_path: Path) -> None:
    """In a saved conversation, as no model can be told to write one."""
    seen.page.check("#stages >> text=after SFT")
    seen.page.uncheck("#stages >> text=after RL")
    seen.ask(demonstration(seen.site))
    seen.page.click("#export summary")
    with seen.page.expect_download() as download:
        seen.page.click("#as-page")
    path = tmp_path / "saved.html"
    download.value.save_as(path)
    before, mark, rest = path.read_text(encoding="utf-8").partition('id="saved">')
    data, end, after = rest.partition("</script>")
    saved = json.loads(data)
    (version,) = saved["turns"][0]["answers"][0]["versions"]
    said = [token for token in version["tokens"] if not token["special"] and token["kind"] == "said"]
    text = "".join(token["text"] for token in said)
    length = len(said[0]["text"])
    false = {"text": "2 + 2 = 5", "start": length, "end": length + len(said[1]["text"]), "holds": False}
    version["equations"] = [false, {"text": "2 + 2 = 4", "start": 0, "end": 1, "holds": True}]
    quoted = max(re.split(r"[.?!\n]", text), key=lambda words: len(words.split())).strip()
    assert len(quoted.split()) > 2, text
    saved["turns"][0]["facts"] = [{"text": f"Who? {quoted}", "score": 1.5}, {"text": "Nobody says so.", "score": None}]
    path.write_text(before + mark + json.dumps(saved).replace("<", "\\u003c") + end + after, encoding="utf-8")
    seen.page.goto(path.as_uri())
    underlined = seen.page.locator(".token.action").evaluate_all("all => all.map(t => t.classList.contains('false'))")
    assert underlined.index(True) == version["tokens"].index(said[1]) and sum(underlined) == 1
    assert seen.page.locator(".trouble").all_inner_texts() == ["≠ 2 + 2 = 5 is false"]
    assert ["quoted" in card for card in seen.page.locator(".fact-card").all_inner_texts()] == [True, False]


def test_the_numbers_can_be_exported(seen: Seen, tmp_path: Path) -> None:
    seen.ask("Tom has 3 apples.")
    seen.page.click("#export summary")
    with seen.page.expect_download() as download:
        seen.page.click("#as-json")
    download.value.save_as(tmp_path / "saved.json")
    (turn,) = json.loads((tmp_path / "saved.json").read_text(encoding="utf-8"))["turns"]
    (version,) = turn["answers"][0]["versions"]
    events = [e for e in seen.site.generate(question="Tom has 3 apples.", top=20) if e["type"] == "token"]
    assert [token["logProb"] for token in version["tokens"]] == [event["log_prob"] for event in events]


def test_preferences_can_be_exported_for_a_reward_model(seen: Seen, tmp_path: Path) -> None:
    seen.settings(Temperature=1.5, Samples=3, Seed=1)
    seen.ask("Tom has 3 apples.")
    seen.page.locator("text=☆ best").nth(1).click()
    seen.page.click("#export summary")
    with seen.page.expect_download() as download:
        seen.page.click("#as-pairs")
    download.value.save_as(tmp_path / "pairs.jsonl")
    pairs = read_pairs(tmp_path / "pairs.jsonl")
    ends = [e for e in seen.site.generate(question="Tom has 3 apples.", temperature=1.5, samples=3, seed=1)
            if e["type"] == "end"]  # fmt: skip
    texts = {event["sample"]: event["text"] for event in ends}
    assert {pair.chosen for pair in pairs} == {texts[1]}
    assert {pair.rejected for pair in pairs} == {texts[0], texts[2]}
    assert all(pair.prompt.startswith("Q: Tom has 3 apples.") for pair in pairs)


def test_settings_become_fields_of_the_request(seen: Seen) -> None:
    seen.page.click("#more summary")
    seen.page.select_option("#settings select >> nth=0", label="hot, then cool: 1.5 falling to 0.3")
    assert seen.page.get_attribute(".curve", "aria-label") == "temperature from 1.5 to 0.3 over 20 tokens, then 0.3"
    with seen.page.expect_request("**/minirl/generate") as asked:
        seen.ask("Tom has 3 apples.")
    body = asked.value.post_data_json
    drawn = {"samples": 1, "top": 20, "temperature": "1.5:0.3/20"}
    assert body == {"question": "Tom has 3 apples.", "stage": "rl", **drawn}
    seen.page.uncheck("text=may call calculator")
    with seen.page.expect_request("**/minirl/generate") as asked:
        seen.ask("Tom has 3 apples.")
    assert asked.value.post_data_json["tools"] == []
