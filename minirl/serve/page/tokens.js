// A token as the page knows it, and how it is drawn.
//
// token: {id, text, word, kind, forced, special, yours, p, logProb, entropy, rank, choices: [{id, word, text, p}]}
// kind: "said", "call" or "result"; yours: you wrote it; p, logProb, entropy, rank are null where nobody asked the policy.

const percentOf = token => token.p === null ? "" : percent(token.p);

// A token's text on one line, as the microscope shows it: no space before it, a line break as its sign.
function visible(text) {
  const shown = text.replace(/^ +| +$/g, "").replaceAll("\n", "↵").replace(/[\u0000-\u001f\u007f-\u009f]/g, code);
  return shown || "␣";
}
const spoken = word => visible(word).replaceAll("↵", " line break ").replace("␣", "space").trim();
const code = sign => "\\x" + sign.charCodeAt(0).toString(16).padStart(2, "0");

// How a token stands in the text. Special tokens, such as the end, add no text: they are small signs.
function inText(token, first = false) {
  if (token.special) return [element("u", {className: "mark"}, token.word.replace(/^<\|(.*)\|>$/, "$1"))];
  if (!token.text) return [element("u", {}, "·")];
  return (first ? token.text.trimStart() : token.text).replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, code).split("\n")
    .flatMap((line, i) => i ? [element("u", {}, "↵"), "\n", line] : [line]);
}

function tokenElement(token, first) {
  const kind = [token.kind === "said" ? "" : token.kind, token.forced ? "forced" : "", token.yours ? "yours" : ""];
  const whose = token.yours ? "written by you" : token.forced ? "put there by the tool" : "";
  const told = [spoken(token.word), percentOf(token), whose];
  const made = element("span", {className: ["token action", ...kind].filter(Boolean).join(" "), tabIndex: -1},
    ...inText(token, first));
  made.setAttribute("role", "option");
  made.setAttribute("aria-selected", "false");
  made.setAttribute("aria-label", told.filter(Boolean).join(", "));
  return made;
}

// ---- heat ----

const colourings = {
  probability: {tint: token => ["var(--surprise)", 1 - token.p], legend: "the fuller, the less likely was the token"},
  entropy: {
    tint: token => ["var(--entropy)", Math.min(1, token.entropy / 2)], legend: "the fuller, the less sure was the model",
  },
  none: {tint: () => ["var(--surprise)", 0], legend: ""},
};
let colouring = "probability";

function heat(made, token) {
  tint(made, token.p === null || token.forced ? ["var(--surprise)", 0] : colourings[colouring].tint(token));
}

function chooseColouring(name) {
  colouring = name;
  for (const button of document.getElementById("colours").children)
    button.setAttribute("aria-pressed", String(button.textContent === name));
  document.getElementById("legend").textContent = colourings[name].legend;
  for (const answer of answers()) answer.reheat();
}
