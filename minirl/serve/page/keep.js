// Taking a conversation along: as a page that opens anywhere, as JSON, and as preferences for a reward model.

// This page as it was served. At this moment nothing has changed it yet.
const source = "<!doctype html>\n" + document.documentElement.outerHTML + "\n";
const PLACE = '<script type="application/json" id="saved">';

function conversation() {
  return {
    program: "minirl.serve", format: 1, saved: new Date().toISOString(), info: page.info,
    turns: turns.map(turn => ({
      kind: turn.kind, asked: turn.asked, request: turn.request,
      prompt: turn.prompt ?? [], prompt_text: turn.promptText ?? "", facts: turn.facts, votes: turn.votes,
      answers: turn.answers.map(({stage, sample, label, versions, shown, best, likes}) =>
        ({stage, sample, label, versions, shown, best, likes})),
    })),
  };
}
function asPage() {
  const escaped = sign => "\\u" + sign.charCodeAt(0).toString(16).padStart(4, "0");  // nothing can end the element
  const data = JSON.stringify(conversation()).replace(/[<>&]/g, escaped);
  return source.replace(PLACE + "null", () => PLACE + data);
}

// Lines as python -m minirl.prefer writes them: the answer that you marked as best, against each other one.
function pairs() {
  return turns.flatMap(turn => {
    const best = turn.answers.find(answer => answer.likes);
    if (!best) return [];
    const chosen = textOf(best.tokens);
    const others = new Set(turn.answers.map(answer => textOf(answer.tokens)).filter(text => text !== chosen));
    const prompt = turn.promptText || textOf(best.version.given);
    return [...others].map(rejected => ({prompt, chosen, rejected, tie: false}));
  });
}

function download(name, kind, text) {
  const address = URL.createObjectURL(new Blob([text], {type: kind}));
  element("a", {href: address, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
  say(`${name} is saved.`);
}
function offerExports() {
  const menu = document.getElementById("export"), name = page.info.name.replace(/[^\w.-]+/g, "-") || "minirl";
  const offer = (id, act) => {
    document.getElementById(id).onclick = () => {
      menu.open = false;
      menu.querySelector("summary").focus();
      if (!turns.length) say("There is nothing to export yet: ask a question first.", true);
      else act();
    };
  };
  offer("as-page", () => download(`${name}.html`, "text/html", asPage()));
  offer("as-json", () => download(`${name}.json`, "application/json", JSON.stringify(conversation(), null, 1)));
  offer("as-pairs", () => {
    const lines = pairs().map(pair => JSON.stringify(pair) + "\n");
    if (lines.length) download(`${name}-pairs.jsonl`, "application/jsonl", lines.join(""));
    else say("No preferences yet: let several samples answer, and mark the best one with its star.", true);
  });
  offer("as-curl", async () => {
    if (!lastRequest) { say("No request was made from this page yet.", true); return; }
    try { await navigator.clipboard.writeText(asCurl(lastRequest)); say("The command is in the clipboard.", true); } catch {
      say("The browser does not allow copying here.", true);
    }
  });
  addEventListener("click", event => { if (!menu.contains(event.target)) menu.open = false; });
  menu.addEventListener("keydown", event => {
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
function restore(saved) {
  for (const kept of saved.turns) {
    const turn = new Turn(kept.kind, kept.asked, kept.request, kept.answers);
    Object.assign(turn, {facts: kept.facts, votes: kept.votes});
    if (kept.kind === "question") turn.drawGiven(kept.prompt, kept.prompt_text);
    if (turn.facts.length) turn.drawFacts();
    kept.answers.forEach(({versions, shown, best, likes}, i) => {
      const answer = turn.answers[i];
      Object.assign(answer, {versions, best, likes});
      answer.show(shown);
    });
    turn.lightFacts();
    turn.drawVotes();
  }
}
