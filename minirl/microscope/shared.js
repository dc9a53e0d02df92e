// What the microscope and the page of minirl.serve share: elements, numbers as words, the policy's bars, heat, the strip.
// Whatever a model wrote arrives here as text, and goes into the page as text: nothing here reads HTML.
"use strict";

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) key in made ? made[key] = value : made.setAttribute(key, value);
  made.append(...children);
  return made;
}
const shape = (name, attributes) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};

const plain = value => value === null ? "unknown" : String(+value.toFixed(3));
const number = (value, digits) => value === null ? "unknown" : value.toFixed(digits).replace(/^-(?=.*[1-9])/, "−").replace("-", "");
const percent = p => p >= 0.0995 ? (100 * p).toFixed(0) + "%" : p >= 0.00095 ? (100 * p).toFixed(1) + "%" : "<0.1%";

// A token that the policy might take, with a bar as long as its probability.
function wordRow(word, probability, kind) {
  const fill = element("i", {});
  fill.style.width = 100 * probability + "%";
  return element("div", {className: "word " + kind}, element("span", {title: word}, word), element("b", {}, fill),
    element("span", {}, percent(probability)));
}
const numberCells = entries => element("div", {className: "numbers"},
  ...entries.map(([name, value]) => element("div", {}, name, element("b", {}, value))));

// ---- heat: how much of a token its tint fills, 0 to 1 ----

const heats = {
  surprise: moment => ["var(--surprise)", Math.min(1, -moment.logProb / 4)],
  entropy: moment => ["var(--entropy)", Math.min(1, moment.entropy / 3)],
};
function tint(token, [colour, depth]) {
  token.style.setProperty("--tint", colour);
  token.style.setProperty("--depth", depth.toFixed(3));
}

// ---- the strip: surprise as bars and entropy as a line; point at a bar to see its token, click to keep it ----

function drawStrip(strip, moments, {over, click}) {
  const most = Math.max(1, ...moments.map(m => Math.max(-m.logProb, m.entropy)));
  strip.setAttribute("viewBox", `0 0 ${moments.length} 100`);
  strip.replaceChildren(...moments.map((m, t) => {
    const group = shape("g", {}), height = Math.max(1, 100 * -m.logProb / most);
    group.append(shape("rect", {class: "hit", x: t, y: 0, width: 1, height: 100}),
      shape("rect", {class: "surprise", x: t + 0.14, y: 100 - height, width: 0.72, height, "pointer-events": "none"}));
    group.addEventListener("mouseenter", () => over(t));
    group.addEventListener("click", () => click(t));
    return group;
  }), shape("polyline", {class: "entropy", "pointer-events": "none",
    points: moments.map((m, t) => `${t + 0.5},${100 - 100 * m.entropy / most}`).join(" ")}));
  return most;
}
function markStrip(strip, now) {
  [...strip.querySelectorAll("g")].forEach((group, t) => group.classList.toggle("now", t === now));
}

// ---- dark and light ----

function themeButton(button) {
  const root = document.documentElement;
  root.dataset.theme = root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  button.onclick = () => { root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark"; };
}
