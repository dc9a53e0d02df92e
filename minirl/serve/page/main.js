// Everything together: the first look, asking, stopping, keys.

const ROGER = {
  question: "Roger has 5 tennis balls. He buys 2 more cans of tennis balls. Each can has 3 tennis balls. "
    + "How many tennis balls does he have now?",
  answer: "11", name: "Roger's tennis balls",
};
const box = document.getElementById("box"), narrow = matchMedia("(max-width: 960px)");
let kind = "question";

// What a screen reader hears: the end of an answer, never each token. seen: everyone sees it for a while too.
function say(words, seen = false) {
  const place = document.getElementById("said");
  place.textContent = words;
  place.classList.toggle("hidden", !seen);
  clearTimeout(say.timer);
  say.timer = setTimeout(() => place.classList.add("hidden"), 6000);
}

// ---- asking ----

const stageLabel = name => {
  const {title} = page.info.stages.find(stage => stage.name === name) ?? {title: name};
  return page.info.kind === "model" ? "the model" : `after ${title}`;
};
function answerers() {
  const stages = [...document.querySelectorAll("#stages input:checked")].map(input => input.value);
  const chosen = stages.length ? stages : [page.info.stage];
  return chosen.flatMap(stage => Array.from({length: settings.samples}, (_, sample) => ({
    stage, sample, label: stageLabel(stage) + (settings.samples > 1 ? `, sample ${sample + 1}` : ""),
  })));
}
async function ask() {
  const asked = box.value;
  if (!asked.trim()) {
    say(kind === "question" ? "Write a question first, or take a suggestion." : "Write the beginning of a text first.", true);
    box.focus();
    return;
  }
  if (settings.samples > 1 && !settings.temperature && !(settings.falls && settings.last)) {
    say("At temperature 0 all samples are the same. Raise the temperature, or ask for one sample.", true);
    return;
  }
  const put = kind === "text" ? {prompt: asked} : settings.remember && chats()
    ? {messages: [...remembered(), {role: "user", content: asked.trim()}]} : {question: asked.trim(), ...requestedOfQuestion()};
  const request = {...requested(), ...put};
  const usual = put.question ? page.info.default_tools : [];  // what the server takes where a request names no tools
  if (String(tools()) !== String(usual)) request.tools = tools();
  const known = [ROGER, ...(page.info.task?.examples ?? [])].find(one => one.question === asked.trim());
  if (kind === "question" && known) request.expected = known.answer;
  const turn = new Turn(kind, asked.trim(), request, answerers());
  document.getElementById("welcome").hidden = true;
  document.getElementById("heat").hidden = false;
  box.value = "";
  followed = turn.element;
  await turn.ask();
  followed = null;
}

// A chat model reads the conversation so far; others were trained to answer one question.
const chats = () => (settings.form || page.info.form) === "chat";
function remembered() {
  const over = turns.filter(turn => turn.kind === "question" && turn.answers[0].version.finish === "end");
  return over.flatMap(({asked, answers: its}) => {
    const answer = its.find(one => one.likes) ?? its.find(one => one.best) ?? its[0];
    return [{role: "user", content: asked}, {role: "assistant", content: textOf(answer.tokens).trim()}];
  });
}

// While it writes: a bar with Stop and the pace. At the end one announcement.
function working(on) {
  const lost = document.activeElement === document.getElementById("stop");  // it is about to disappear
  document.getElementById("live").hidden = !on;
  document.getElementById("go").setAttribute("aria-disabled", String(on));
  document.getElementById("pace").textContent = "";
  if (on) {
    say("The model writes.");
    if (document.activeElement === document.body) document.getElementById("stop").focus({preventScroll: true});
    return;
  }
  if (panel.answer) panel.show(panel.answer, panel.t, panel.open);  // with what came after its token
  const last = answers().filter(({version}) => version.finish && !version.told);
  for (const answer of last) answer.version.told = true;
  if (lost) (last[0]?.elements[0] ?? box).focus({preventScroll: true});
  say(last.slice(0, 4).map(({label, version}) => `${label}: ${count(version.tokens.length, "token")}, ${ENDS[version.finish]}. `
    + (version.answer ? `Answer: ${version.answer}.` : version.note)).join(" "));
}
function paceNow() {
  const seconds = (performance.now() - running.since) / 1000;
  if (running.controller) document.getElementById("pace").textContent = count(running.tokens, "token")
    + (running.tokens > 1 ? ` · ${pace(running.tokens, seconds)} tokens/s` : "");
  if (followed) {
    const below = followed.getBoundingClientRect().bottom + 70 - innerHeight;
    if (below > 0) scrollBy(0, below);
  }
}
// The page follows the text as it grows, unless you scroll away: whoever scrolled up reads on in peace.
let followed = null;
addEventListener("wheel", event => { if (event.deltaY < 0) followed = null; }, {passive: true});
addEventListener("touchmove", () => { followed = null; }, {passive: true});

// ---- the first look ----

function choose(what) {
  kind = what;
  document.getElementById("as-question").setAttribute("aria-pressed", String(kind === "question"));
  document.getElementById("as-text").setAttribute("aria-pressed", String(kind === "text"));
  document.getElementById("go").textContent = kind === "question" ? "Ask" : "Write on";
  document.getElementById("box-label").textContent = kind === "question" ? "Your question" : "The beginning of a text";
  document.getElementById("kind-hint").textContent = kind === "text" ? "The model goes on with your text as it stands."
    : settings.remember && chats() ? "The model reads the conversation so far."
    : "The model does not remember earlier questions.";
  box.placeholder = kind === "question" ? "Write a question, or take a suggestion below." : "Once upon a time";
  document.getElementById("ideas").hidden = kind !== "question";
}
function takeUp(what, text) {  // an earlier question goes back into the box
  choose(what);
  box.value = text;
  box.focus();
}
function drawIdeas() {
  const others = (page.info.task?.examples ?? []).filter(one => one.question !== ROGER.question).slice(0, 3);
  document.getElementById("ideas").replaceChildren(element("span", {className: "soft"}, "Try"),
    ...[ROGER, ...others].map(one => element("button", {type: "button", title: one.question, onclick: () => {
      box.value = one.question;
      document.getElementById("go").focus();
    }}, one.name ?? one.question)));
}

function drawStages() {
  const {stages, stage} = page.info, field = document.getElementById("stages");
  if (stages.length < 2) { field.hidden = true; return; }
  field.append(...stages.map(one => {
    const input = element("input", {type: "checkbox", value: one.name, checked: one.name === stage});
    return element("label", {className: "tick"}, input, " ", stageLabel(one.name));
  }), element("span", {className: "soft"}, "Several answer side by side."));
}
function drawHead() {
  const {name, parameters, context_length: context, tokenizer} = page.info;
  document.title = `${name} | minirl`;
  document.getElementById("name").textContent = page.saved ? `A conversation with ${name}` : `Ask ${name}`;
  const facts = [page.info.task ? `trained on ${page.info.task.name.replaceAll("_", " ")}` : "",
    parameters ? `${+(parameters / 1e6).toPrecision(2)} million parameters` : "", `${tokenizer.size} tokens in its vocabulary`,
    `context of ${context} tokens`, page.saved ? `saved ${page.saved.saved.slice(0, 10)}` : ""];
  document.getElementById("about").textContent = facts.filter(Boolean).join(" · ");
}
function drawColours() {
  document.getElementById("colours").append(...Object.keys(colourings).map(name =>
    element("button", {type: "button", onclick: () => chooseColouring(name)}, name)));
  chooseColouring(colouring);
}
function wire() {
  document.getElementById("ask").addEventListener("submit", event => {
    event.preventDefault();
    if (!running.controller) ask();
  });
  document.getElementById("stop").onclick = stop;
  document.getElementById("as-question").onclick = () => choose("question");
  document.getElementById("as-text").onclick = () => choose("text");
  box.addEventListener("keydown", event => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    document.getElementById("ask").requestSubmit();
  });
  addEventListener("keydown", event => {
    if (event.key !== "Escape") return;
    if (running.controller) stop();
    else panel.close(true);
  });
}
async function begin() {
  themeButton(document.getElementById("theme"));
  drawColours();
  if (page.saved) {
    page.info = page.saved.info;
    document.body.classList.add("saved");
    document.getElementById("heat").hidden = false;
    drawHead();
    panel.rest();
    restore(page.saved);
    addEventListener("keydown", event => { if (event.key === "Escape") panel.close(true); });
    return;
  }
  panel.rest();
  try { page.info = await info(); } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const again = element("button", {type: "button", onclick: () => location.reload()}, "Try again");
    document.getElementById("welcome").replaceChildren(trouble(error.message), again);
    document.getElementById("ask").hidden = true;
    addEventListener("hashchange", () => location.reload());  // a key was added to the address
    return;
  }
  drawHead();
  drawStages();
  drawIdeas();
  drawSettings(document.getElementById("settings"));
  offerExports();
  choose("question");
  wire();
  box.value = ROGER.question;
}
begin();
