// The panel: what the policy said before one token. Its alternatives are buttons; one of them begins a branch.

const SHOWN = 8;  // alternatives at once; the others wait behind a button

const panel = {
  place: document.getElementById("panel"),
  answer: null, t: -1,
  open: false,  // on a narrow screen the panel covers the lower half, so it opens only when asked

  rest() {
    const look = "Click a token of an answer. Here you see what else the model might have written there, and how likely it was. ";
    const take = page.saved ? "" : "Then you can let the model go on with another token.";
    panel.place.replaceChildren(element("h2", {}, "One token"), element("p", {className: "soft"}, look + take));
  },
  show(answer, t, open) {
    const token = answer.tokens[t];
    if (panel.answer && panel.answer !== answer) panel.answer.mark(-1);
    Object.assign(panel, {answer, t, open});
    answer.mark(t);
    panel.place.classList.toggle("open", open);
    document.body.classList.toggle("panel-open", open);
    const close = element("button", {type: "button", className: "close", onclick: () => panel.close(true)}, "✕");
    close.setAttribute("aria-label", "close");
    const known = token.p !== null && !token.forced;
    panel.place.replaceChildren(
      element("div", {className: "panel-head"}, element("h2", {}, visible(token.word)), close),
      element("p", {className: "state"}, panel.where(answer, t, token)),
      ...(known ? [numberCells([["p", percent(token.p)], ["log p", number(token.logProb, 3)],
        ["entropy", number(token.entropy, 2) + " nats"], ["rank", token.rank === null ? "unknown" : String(token.rank)]])] : []),
      ...(known ? panel.choices(answer, t, token) : []),
      ...panel.strip(answer, t),
    );
    if (open && narrow.matches) answer.elements[t].scrollIntoView({block: "nearest"});  // above the panel
  },
  where(answer, t, token) {
    const kind = token.yours ? "written by you" : token.forced ? "put there by a tool, not chosen by the model"
      : token.kind === "call" ? "part of a call of a tool" : token.special ? "a sign that adds no text" : "";
    const before = textOf(answer.tokens.slice(0, t)).slice(-60).replaceAll("\n", " ↵ ");
    const after = before ? `after “${before.length === 60 ? "…" : ""}${before.trim()}”` : "right after the prompt";
    return [`Token ${t + 1} of ${answer.tokens.length}`, kind, after].filter(Boolean).join(", ") + ".";
  },
  choices(answer, t, token) {
    const rows = token.choices.map(choice => {
      const taken = choice.id === token.id, word = visible(choice.word);
      const row = wordRow(taken ? "✓ " + word : word, choice.p, taken ? "taken" : "");
      if (taken || page.saved) return row;
      const take = element("button", {type: "button", className: row.className,
        onclick: () => answer.turn.branch(answer, t, choice)}, ...row.children);
      take.setAttribute("aria-label", `${word}, ${percent(choice.p)}: go on with this instead`);
      return take;
    });
    const more = rows.length > SHOWN + 2 ? rows.splice(SHOWN) : [];
    const listed = token.choices.reduce((sum, choice) => sum + choice.p, 0);
    if (!token.choices.some(choice => choice.id === token.id)) {
      rows.push(wordRow("✓ " + visible(token.word), token.p, "taken"));
    }
    if (more.length) rows.push(element("button", {type: "button", className: "quiet", onclick: event => {
      const [first] = more;
      event.target.replaceWith(...more);
      first.focus();
    }}, `${more.length} more`));
    if (listed < 0.9995) rows.push(wordRow("all others", Math.max(0, 1 - listed), "others"));
    const hint = page.saved || answer.writing ? "" : " Click one, and the model goes on from there with it.";
    return [element("p", {className: "soft"}, "What the model might have written here." + hint),
      element("div", {className: "words"}, ...rows)];
  },
  strip(answer, t) {
    const known = answer.tokens.map((token, i) => [token, i]).filter(([token]) => token.p !== null && !token.forced);
    if (known.length < 2) return [];
    const drawn = shape("svg", {class: "strip", preserveAspectRatio: "none", role: "img",
      "aria-label": "surprise and entropy, token by token"});
    const go = i => answer.walk(known[i][1]);
    const most = drawStrip(drawn, known.map(([token]) => token), {over: () => {}, click: go});
    markStrip(drawn, known.findIndex(([, i]) => i === t));
    return [drawn, element("div", {className: "legend"}, element("span", {}, element("i", {}), "surprise, −log p"),
      element("span", {}, element("i", {className: "line"}), "entropy"), element("span", {}, `0 to ${most.toFixed(1)} nats`))];
  },
  // The keyboard goes in: Enter on a token. Up and down walk through the alternatives, Escape leads back to the token.
  enter() { (panel.place.querySelector(".words button") ?? panel.place.querySelector(".close")).focus(); },
  close(back = false) {
    const {answer, t} = panel;
    if (!answer) return;
    answer.mark(-1);
    Object.assign(panel, {answer: null, t: -1, open: false});
    panel.place.classList.remove("open");
    document.body.classList.remove("panel-open");
    panel.rest();
    if (back) answer.elements[t]?.focus();
  },
};

panel.place.addEventListener("keydown", event => {
  const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
  const rows = [...panel.place.querySelectorAll(".words button")], at = rows.indexOf(document.activeElement);
  if (step && at >= 0) { rows[Math.min(rows.length - 1, Math.max(0, at + step))].focus(); event.preventDefault(); }
});
