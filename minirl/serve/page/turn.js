// A turn: what you asked, who answers, and the answers side by side. A request is made here, followed, and stopped.

const turns = [];
const answers = () => turns.flatMap(turn => turn.answers);
const running = {controller: null, tokens: 0, since: 0, frame: null};

class Turn {
  // request: what every answer's request has in common; asked: the question, or the text to go on with
  constructor(kind, asked, request, answerers) {
    Object.assign(this, {kind, asked, request, answers: [], facts: [], votes: []});
    this.number = turns.push(this);
    this.factList = element("div", {});
    this.grid = element("div", {className: "answers"});
    this.voteList = element("div", {});
    this.given = element("details", {className: "given-text", hidden: true});
    const id = `turn-${this.number}`;
    const title = kind === "question" ? element("h2", {id}, asked)
      : element("h2", {id, className: "hidden"}, asked.slice(0, 60));  // the whole text stands in the answer
    const change = element("button", {type: "button", className: "quiet", onclick: () => takeUp(kind, asked)}, "Change");
    change.setAttribute("aria-label", "Change this and ask again");
    const head = element("div", {className: "turn-head"},
      element("p", {className: "eyebrow"}, `${kind === "question" ? "Question" : "Text"} ${this.number}`), change);
    this.element = element("article", {className: "card turn"}, head, title, this.factList, this.given, this.grid, this.voteList);
    this.element.setAttribute("aria-labelledby", id);
    for (const answerer of answerers) {
      const answer = new Answer(this, answerer);
      this.answers.push(answer);
      this.grid.append(answer.element);
    }
    this.grid.classList.toggle("several", this.answers.length > 1);
    document.getElementById("conversation").append(this.element);
  }

  // ---- asking ----

  ask() {
    const stages = [...new Set(this.answers.map(answer => answer.stage))];
    for (const answer of this.answers) answer.begin(newVersion([], [], ""));
    return together(stages.map(stage => {
      const its = this.answers.filter(answer => answer.stage === stage);
      return signal => this.follow(its, {...this.request, stage, samples: its.length}, signal);
    }));
  }
  async follow(its, request, signal) {
    const of = number => its.length === 1 ? its[0] : its[number];
    try {
      for await (const event of generate(request, signal)) {
        if (event.type === "start") this.started(its, event);
        else if (event.type === "token") { of(event.sample).append(event.token, event.time); progress(); }
        else if (event.type === "call") of(event.sample).version.calls.push(event);
        else if (event.type === "end") this.ended(of(event.sample), event);
        else if (event.type === "done" && its.length > 1) this.voted(its, event.vote);
      }
    } catch (error) {
      if (signal.aborted) return;  // stop() has told the answers
      if (!(error instanceof Refusal)) throw error;
      for (const answer of its) if (answer.writing) answer.finish("error", error.message);
    }
  }
  started(its, event) {
    for (const answer of its) {
      Object.assign(answer.version, {given: event.prompt, seed: event.seed});
      answer.drawGiven();
      answer.reread(event.prefix);
    }
    if (event.facts.length) { this.facts = event.facts; this.drawFacts(); }
    if (this.kind === "question") this.drawGiven(event.prompt, event.prompt_text);
  }
  ended(answer, event) {
    Object.assign(answer.version, {answer: event.answer, correct: event.correct, equations: event.equations});
    answer.finish(event.finish_reason);
    this.lightFacts();
  }

  // ---- going on: a branch, a continuation, an edited text ----

  goOn(answer, tokens, made) {
    const {given, seed} = answer.version, request = {...this.request, stage: answer.stage, samples: 1};
    if (this.answers.length > 1) request.sample = answer.sample;
    if (seed !== undefined) request.seed = seed;
    if (this.kind === "text") {  // this version's own text, which an edit may have changed
      delete request.prompt;
      request.prompt_ids = given.map(token => token.id);
    }
    if (tokens.length) {
      request.prefix_ids = tokens.map(token => token.id);
      request.prefix_forced = tokens.map(token => token.forced);
    }
    stop();
    panel.close();
    answer.begin(newVersion(given, [...tokens], made));
    answer.version.calls = answer.callsWithin(tokens);
    this.forgetVote(answer.stage);
    return together([signal => this.follow([answer], request, signal)]);
  }
  again(answer) {  // another sample; the same seed would give the same one
    const {seed, ...request} = this.request;
    stop();
    this.forgetVote(answer.stage);
    answer.begin(newVersion([], [], "again"));
    return together([signal => this.follow([answer], {...request, stage: answer.stage, samples: 1}, signal)]);
  }
  retry({stage}) {  // what was refused, with all its samples
    const its = this.answers.filter(answer => answer.stage === stage && answer.empty);
    this.request = renewed(this.request);
    stop();
    for (const answer of its) {
      answer.versions.pop();
      answer.begin(newVersion([], [], ""));
    }
    return together([signal => this.follow(its, {...this.request, stage, samples: its.length}, signal)]);
  }
  forgetVote(stage) {  // one of the answers has changed
    this.votes = this.votes.filter(vote => vote.stage !== stage);
    this.drawVotes();
    for (const other of this.answers) if (other.best && other.stage === stage) { other.best = false; other.update(); }
  }
  branch(answer, t, choice) {
    const old = answer.tokens[t], marks = page.info.tokenizer.special;
    const chosen = {...old, id: choice.id, word: choice.word, text: choice.word in marks ? "" : choice.word,
      special: choice.word in marks, p: choice.p, logProb: Math.log(choice.p), rank: 1 + old.choices.indexOf(choice)};
    const done = this.goOn(answer, [...answer.tokens.slice(0, t), chosen],
      `branched at token ${t + 1}: “${visible(choice.word)}” in place of “${visible(old.word)}”`);
    answer.walk(t);
    return done;
  }
  async goOnFromText(answer, text) {
    stop();
    if (this.kind === "text") {
      const request = {...this.request, prompt: text, stage: answer.stage, samples: 1};
      answer.begin(newVersion([], [], "edited"));
      return together([signal => this.follow([answer], request, signal)]);
    }
    const before = answer.tokens, old = textOf(before);
    let kept = 0, length = 0;  // tokens whose text you left as it was keep their numbers
    while (kept < before.length && before[kept].kind === "said" && !before[kept].special
      && text.startsWith(old.slice(0, length + before[kept].text.length))) length += before[kept++].text.length;
    try {
      const rest = text.slice(length) ? await tokenize(text.slice(length)) : [];
      return this.goOn(answer, [...before.slice(0, kept), ...rest.map(sent => ({...token(sent), yours: true}))], "edited");
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      answer.version.note = error.message;
      answer.show(answer.shown);
    }
  }
  like(answer) {
    const likes = !answer.likes;
    for (const other of this.answers) { other.likes = other === answer && likes; other.update(); }
    say(likes ? `${answer.label} is marked as the best answer. Export has your preferences.` : "The mark is gone.");
    answer.foot.querySelector("[aria-pressed]").focus();
  }

  // ---- what stands around the answers ----

  drawGiven(tokens, text) {
    Object.assign(this, {prompt: tokens, promptText: text});
    this.given.hidden = false;
    this.given.replaceChildren(element("summary", {}, `What the model reads: ${count(tokens.length, "token")}`),
      element("p", {className: "text"}, ...tokens.map(givenElement)));
  }
  drawFacts() {
    const cards = this.facts.map((fact, i) => element("li", {className: "fact-card"},
      element("b", {}, `Fact ${i + 1}`), element("span", {}, fact.text),
      element("small", {className: "soft"}, fact.score !== null ? `found, score ${fact.score.toFixed(1)}`
        : this.request.lookup ? "from the search" : "yours")));
    this.factList.replaceChildren(element("ul", {className: "facts"}, ...cards));
    this.factList.firstChild.setAttribute("aria-label", "facts that the model was given");
  }
  // A fact is marked, in words as well, where an answer repeats one of its sentences.
  lightFacts() {
    const said = this.answers.map(answer => textOf(answer.tokens).toLowerCase());
    [...this.factList.querySelectorAll("li")].forEach((card, i) => {
      const sentences = this.facts[i].text.toLowerCase().split(/(?<=[.?!])\s+/).filter(words => words.split(" ").length > 2);
      if (card.classList.contains("lit") || !sentences.some(words => said.some(text => text.includes(words)))) return;
      card.classList.add("lit");
      card.append(element("small", {}, "✓ quoted in an answer"));
    });
  }
  voted(its, vote) {
    const [{stage}] = its;
    this.votes.push({stage, label: its.length < this.answers.length ? stageLabel(stage) : "", ...vote});
    its.forEach((answer, i) => { answer.best = i === vote.chosen; answer.update(); });
    this.drawVotes();
  }
  drawVotes() {
    this.voteList.replaceChildren(...this.votes.map(vote => {
      const rows = vote.answers.map(one => voteRow(one.answer, one.votes, vote.of, one.samples.includes(vote.chosen)));
      const silent = vote.of - vote.answers.reduce((sum, one) => sum + one.votes, 0);
      if (silent) rows.push(voteRow("no answer", silent, vote.of, false));
      return element("section", {className: "vote"}, element("h3", {}, `The vote${vote.label ? ` ${vote.label}` : ""}`),
        element("p", {className: "soft"}, CHOOSE[vote.by] ?? vote.by), ...rows);
    }));
  }
}

function voteRow(answer, votes, of, chosen) {
  const bar = element("i", {});
  bar.style.width = 100 * votes / of + "%";
  return element("div", {className: "vote-row" + (chosen ? " won" : "")}, element("span", {}, (chosen ? "✓ " : "") + answer),
    element("b", {}, bar), element("span", {}, `${votes} of ${of}`));
}
function givenElement(token) { return element("span", {className: "token given"}, ...inText(token)); }

// ---- one run at a time ----

async function together(jobs) {
  stop();
  const controller = new AbortController();
  Object.assign(running, {controller, tokens: 0});
  working(true);
  try { await Promise.all(jobs.map(job => job(controller.signal))); } finally {
    if (running.controller === controller) { running.controller = null; working(false); }
  }
}
function stop() {
  if (!running.controller) return;
  running.controller.abort();
  running.controller = null;
  for (const answer of answers()) if (answer.writing) answer.finish("stopped");
  working(false);
}
function progress() {
  if (!running.tokens++) running.since = performance.now();
  running.frame ??= requestAnimationFrame(() => { running.frame = null; paceNow(); });
}
