// One answer: its versions (a branch, an edit and a continuation each make a new one), its tokens, its cards of tools.
//
// version: {given, tokens, finish, note, answer, equations, calls, written, first, last, made}
// given: tokens of the prompt; finish: null while it is being written, then one of ENDS;
// written: how many tokens came from the model for this version, the first and the last of them at these seconds

const newVersion = (given, tokens, made) => ({
  given, tokens, made, finish: null, note: "", answer: null, equations: [], calls: [], written: 0, first: null, last: null,
});
const ENDS = {
  end: "ended by itself", stop: "ended at your stop text", length: "cut off at the most tokens that you allowed",
  context: "cut off: the model's context is full", mark: "ended by a misplaced mark of a call",
  stopped: "stopped by you", error: "broken off",
};
const UNFINISHED = ["stop", "length", "stopped", "error"];

class Answer {
  // stage: who answers; sample: its number within the stage; label: both in words
  constructor(turn, {stage, sample, label}) {
    Object.assign(this, {turn, stage, sample, label, versions: [], shown: -1, best: false, likes: false});
    this.text = element("div", {className: "text"});
    this.about = element("p", {className: "soft about"});
    this.foot = element("div", {className: "foot"});
    this.element = element("div", {className: "answer"}, element("h3", {}, label), this.text, this.about, this.foot);
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", "Answer " + label);
    this.text.addEventListener("click", event => this.clicked(event));
    this.text.addEventListener("keydown", event => this.key(event));
  }
  get version() { return this.versions[this.shown]; }
  get tokens() { return this.version ? this.version.tokens : []; }
  get empty() { return !this.version.given.length && !this.version.tokens.length; }  // the server never began
  get writing() { return !!this.version && this.version.finish === null; }

  // ---- versions ----

  begin(version) {
    this.versions.push(version);
    this.show(this.versions.length - 1);
  }
  show(index) {
    this.shown = index;
    this.elements = [];
    this.card = null;
    this.list = element("span", {className: "tokens"});
    this.given = element("span", {});
    this.text.replaceChildren(this.given, this.list);
    this.drawGiven();
    this.tokens.forEach(token => this.draw(token));
    this.update();
  }
  append(token, time) {
    const {version} = this;
    version.written += 1;
    version.first ??= time;
    version.last = time;
    this.tokens.push(token);
    this.draw(token);
  }
  finish(how, note = "") {
    this.version.finish = how;
    this.version.note = note;
    this.update();
  }

  // ---- drawing ----

  draw(token) {
    const made = tokenElement(token, !this.elements.length && this.turn.kind === "question"), t = this.elements.length;
    heat(made, token);
    if (t === 0) {  // an empty list of options would be none for a screen reader
      made.tabIndex = 0;
      this.list.setAttribute("role", "listbox");
      this.list.setAttribute("aria-orientation", "horizontal");
      this.list.setAttribute("aria-label", `Tokens of the answer ${this.label}`);
    }
    this.elements.push(made);
    if (token.kind === "said") this.card = null;
    else if (!this.card || token.kind === "call" && this.card.querySelector(".result-part .token")) {
      this.list.append(this.card = toolCard());
    }
    (token.kind === "said" ? this.list : this.card.querySelector("." + token.kind + "-part")).append(made);
  }
  drawGiven() {  // where you wrote a text, the model goes on in it; where you asked a question, it stands apart
    if (this.turn.kind === "text") this.given.replaceChildren(...this.version.given.map(givenElement));
  }
  // How the server reads the tokens that were handed to it: one of them may be a part of a character, or begin a call.
  reread(prefix) {
    if (prefix.every(({text, kind}, t) => this.tokens[t].text === text && this.tokens[t].kind === kind)) return;
    prefix.forEach(({text, kind}, t) => { this.tokens[t] = {...this.tokens[t], text, kind}; });
    const at = this.elements.indexOf(document.activeElement);
    this.show(this.shown);
    if (at >= 0) this.walk(at);
  }
  reheat() { this.elements?.forEach((made, t) => heat(made, this.tokens[t])); }

  // What stands beside and under the text, after every change.
  update() {
    const {version} = this, n = version.tokens.filter(token => !token.yours && !token.forced).length;
    const told = [];
    if (version.made) told.push(version.made);
    if (version.finish && version.given.length) {
      told.push(`${count(n, "token")}, ${ENDS[version.finish]}`);
      if (version.last > version.first) told.push(`${pace(version.written, version.last - version.first)} tokens/s`);
      const most = page.info.context_length;  // the last token is drawn, and not read any more
      told.push(`context ${Math.min(most, version.given.length + version.tokens.length)} of ${most}`);
    }
    this.about.replaceChildren(...this.verdict(), told.join(" · "));
    if (version.note) this.about.append(trouble(version.note));
    for (const one of version.equations.filter(equation => !equation.holds))
      this.about.append(element("span", {className: "trouble"}, element("b", {}, "≠ "), `${one.text} is false`));
    this.underline();
    this.describeCalls();
    this.buttons();
    this.element.classList.toggle("chosen", this.best);
    this.element.setAttribute("aria-busy", String(this.writing));
  }
  verdict() {  // worth a line where it says more than the text
    const {answer, correct} = this.version, told = {true: "✓ right", false: "✗ wrong"}[correct];
    if (answer === null || !told && this.turn.answers.length === 1) return [];
    return [element("span", {className: "verdict"}, `Answer: ${answer}`, ...(told ? [" ", element("b", {}, told)] : []),
      ...(this.best ? [" ", element("b", {className: "won"}, "✓ chosen by the vote")] : []))];
  }
  // Equations that do not hold, by their place in what was said.
  underline() {
    const wrong = this.version.equations.filter(equation => !equation.holds && equation.end > equation.start);
    let at = 0;
    this.tokens.forEach((token, t) => {
      if (token.kind !== "said" || token.special || token.yours) return;
      const from = at;
      at += token.text.length;
      this.elements[t].classList.toggle("false", wrong.some(one => one.start < at && from < one.end));
    });
  }
  describeCalls() {
    [...this.list.querySelectorAll(".tool")].forEach((card, i) => {
      const call = this.version.calls[i];
      if (!call) return;
      const failed = call.error;
      card.classList.toggle("failed", failed);
      card.setAttribute("aria-label", `call of the tool ${call.tool}` + (failed ? ", which failed" : ""));
      card.querySelector(".tool-name").replaceChildren(call.tool, element("small", {}, failed ? "! failed" : ""));
    });
  }
  buttons() {
    const {foot, versions, version} = this;
    if (page.saved || this.writing) {
      foot.replaceChildren(...(versions.length > 1 && page.saved ? this.steps() : []));
      return;
    }
    const button = (text, onclick) => element("button", {type: "button", onclick}, text);
    if (this.empty) { foot.replaceChildren(button("Ask again", () => this.turn.retry(this))); return; }
    foot.replaceChildren(
      ...(versions.length > 1 ? this.steps() : []),
      ...(UNFINISHED.includes(version.finish) ? [button("Continue", () => this.turn.goOn(this, version.tokens, "continued"))] : []),
      ...(this.turn.request.temperature ? [button("Again", () => this.turn.again(this))] : []),
      button("Edit", () => this.edit()),
      ...(this.turn.answers.length > 1 ? [this.like()] : []),
    );
  }
  steps() {
    const {versions, shown} = this;
    const go = to => {
      panel.close();
      this.show(to);
      this.foot.querySelector("button").focus();
    };
    const step = (to, sign, name) => {
      const made = element("button", {type: "button", onclick: () => { if (versions[to]) go(to); }}, sign);
      made.setAttribute("aria-label", name);
      made.setAttribute("aria-disabled", String(!versions[to]));
      return made;
    };
    return [element("span", {className: "steps"}, step(shown - 1, "‹", "the version before"),
      element("span", {}, `${shown + 1} of ${versions.length}`), step(shown + 1, "›", "the next version"))];
  }
  like() {
    const made = element("button", {type: "button", onclick: () => this.turn.like(this)}, this.likes ? "★ best" : "☆ best");
    made.setAttribute("aria-pressed", String(this.likes));
    made.setAttribute("aria-label", `best: I like the answer ${this.label} most`);
    return made;
  }

  // The text of this version, to be changed by hand. The model writes on from what you leave.
  edit() {
    const given = this.turn.kind === "text" ? textOf(this.version.given) : "";
    const box = element("textarea", {rows: 6, value: given + textOf(this.tokens)});
    box.setAttribute("aria-label", "The answer's text, to be changed");
    const done = () => { this.show(this.shown); this.foot.querySelector("button")?.focus(); };
    const calls = this.tokens.some(token => token.kind !== "said");
    const form = element("form", {className: "edit"}, box,
      ...(calls ? [element("p", {className: "soft"}, "Calls of tools are left out here; a branch keeps them.")] : []),
      element("button", {type: "submit", className: "go"}, "Write on from here"), " ",
      element("button", {type: "button", onclick: done}, "Cancel"));
    form.addEventListener("submit", event => { event.preventDefault(); this.turn.goOnFromText(this, box.value); });
    form.addEventListener("keydown", event => {
      if (event.key === "Escape") { event.stopPropagation(); done(); }
      if (event.key === "Enter" && event.ctrlKey) form.requestSubmit();
    });
    this.text.replaceChildren(form);
    this.about.replaceChildren("Change the text. The model goes on from its end.");
    this.foot.replaceChildren();
    box.focus();
    box.setSelectionRange(box.value.length, box.value.length);
  }

  // ---- pointing and walking ----

  clicked(event) {
    const t = this.elements.indexOf(event.target.closest(".token"));
    if (t >= 0) { this.walk(t); panel.show(this, t, true); }
  }
  key(event) {
    const t = this.elements.indexOf(event.target), last = this.elements.length - 1;
    if (t < 0) return;
    const to = {ArrowRight: t + 1, ArrowLeft: t - 1, Home: 0, End: last}[event.key];
    if (to !== undefined) { this.walk(Math.min(last, Math.max(0, to))); event.preventDefault(); }
    if (event.key === "Enter" || event.key === " ") { panel.show(this, t, true); panel.enter(); event.preventDefault(); }
  }
  walk(t) {
    for (const made of this.elements) made.tabIndex = -1;
    this.elements[t].tabIndex = 0;
    this.elements[t].focus();
    panel.show(this, t, panel.open);
  }
  callsWithin(tokens) { return this.version.calls.filter(call => call.index < tokens.length); }
  mark(t) {
    this.elements.forEach((made, i) => {
      made.classList.toggle("now", i === t);
      made.setAttribute("aria-selected", String(i === t));
    });
  }
}

const trouble = words => element("span", {className: "trouble"}, element("b", {}, "! "), words);
const textOf = tokens => tokens.filter(token => token.kind === "said" && !token.special).map(token => token.text).join("");
const pace = (tokens, seconds) => Math.round((tokens - 1) / seconds);  // the first token's time went to reading the prompt
const count = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;

function toolCard() {
  const card = element("span", {className: "tool"}, element("span", {className: "tool-name"}, "tool"),
    element("span", {className: "call-part"}), element("span", {className: "result-part"}));
  card.setAttribute("role", "group");
  card.setAttribute("aria-label", "call of a tool");
  card.querySelector(".tool-name").setAttribute("aria-hidden", "true");
  return card;
}
