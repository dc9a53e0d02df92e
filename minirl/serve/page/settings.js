// The controls: how tokens are drawn, how many answers, and the temperature as a curve. They lie folded until wanted.

const USUAL = {
  temperature: 0, falls: false, last: 0.3, over: 20, shape: "linear", samples: 1, choose: "majority",
  top_k: 0, top_p: 1, min_p: 0,
};
// These belong to the question, not to the way of drawing: a preset leaves them alone.
const APART = {seed: "", max_tokens: "", form: "", tools: true, lookup: false, facts: "", remember: true};
const PRESETS = {
  "always the likeliest token": {},
  "as the model was trained: temperature 1": {temperature: 1},
  "cooler: temperature 0.7": {temperature: 0.7},
  "hot, then cool: 1.5 falling to 0.3": {temperature: 1.5, falls: true, last: 0.3, over: 20},
  "cool, then hot (a control)": {temperature: 0.3, falls: true, last: 1.5, over: 20},
  "8 samples that vote": {temperature: 1, samples: 8},
  "8 samples, arithmetic checked": {temperature: 1.5, falls: true, last: 0.3, over: 20, samples: 8, choose: "arithmetic"},
};
const CHOOSE = {
  majority: "the most frequent answer", weighted: "the same, weighted by probability",
  arithmetic: "the most frequent among those with right arithmetic", likeliest: "the likeliest sample",
  soundest: "the fewest false equations",
};
const settings = {...USUAL, ...APART};
const controls = {};  // name -> a function that shows the setting

function drawSettings(place) {
  settings.tools = page.info.default_tools.length > 0;
  const preset = element("select", {onchange: () => { if (PRESETS[preset.value]) use(PRESETS[preset.value]); }},
    ...Object.keys(PRESETS).map(name => element("option", {}, name)), element("option", {hidden: true}, "your own"));
  controls.preset = () => { preset.value = Object.keys(PRESETS).find(name => same({...USUAL, ...PRESETS[name]})) ?? "your own"; };
  const curve = shape("svg", {class: "curve", viewBox: "0 0 240 84", role: "img"});
  controls.curve = () => drawCurve(curve);
  place.append(
    labelled("Ways to answer", preset, "wide"),
    element("div", {className: "group"},
      slider("temperature", "Temperature", 0, 2, 0.05, "0 takes the likeliest token, 1 draws as the model says, more is wilder"),
      tick("falls", "changes while it writes"),
      slider("last", "to", 0, 2, 0.05, "", () => settings.falls),
      slider("over", "over tokens", 1, 64, 1, "", () => settings.falls),
      choice("shape", "how", {linear: "in a line", exponential: "by a factor per token"}, () => settings.falls)),
    element("div", {className: "group"}, curve),
    element("div", {className: "group"},
      slider("samples", "Samples", 1, 16, 1, "several stand side by side and vote; they need a temperature above 0"),
      choice("choose", "The vote", CHOOSE, () => settings.samples > 1),
      numberBox("seed", "Seed", "a new one each time", "the same seed gives the same samples")),
    element("div", {className: "group"},
      slider("top_k", "Top k", 0, 100, 1, "only among this many likeliest tokens; 0: all"),
      slider("top_p", "Top p", 0.05, 1, 0.05, "only the likeliest that together reach this; 1: all"),
      slider("min_p", "Min p", 0, 0.5, 0.01, "only tokens with this share of the likeliest's probability; 0: all")),
    element("div", {className: "group"},
      numberBox("max_tokens", "At most tokens", "as many as fit", ""),
      choice("form", "How the question is put", forms(page.info)),
      ...(page.info.forms.includes("chat") ? [tick("remember", "reads the conversation so far, as a chat")] : []),
      ...(page.info.tools.length ? [tick("tools", `may call ${offered().join(", ")}`)] : []),
      ...(page.info.lookup ? [tick("lookup", `looks facts up in ${page.info.lookup.place}`)] : []),
      ...(page.info.forms.includes("facts") ? [writing("facts", "Facts of your own, one a line")] : [])),
  );
  showSettings();
}
const same = wanted => Object.entries(wanted).every(([name, value]) => settings[name] === value);
function use(changes) {
  Object.assign(settings, USUAL, changes);
  showSettings();
}
const FORMS = {
  reasoning: "reasoning first, then the answer", direct: "the answer at once", tools: "with the names of the tools",
  chat: "as a message to a chat model",
};
function forms(info) {
  const found = Object.fromEntries(info.forms.filter(form => FORMS[form]).map(form => [form, FORMS[form]]));
  return {"": `as usual: ${FORMS[info.form] ?? info.form}`, ...found};
}

// What a request says of all this; only what differs from the server's defaults.
function requested() {
  const {temperature, last, over, falls, shape: how} = settings, asked = {top: 20};
  asked.temperature = falls ? `${temperature}:${last}/${over}${how === "exponential" ? "/exp" : ""}` : temperature;
  for (const name of ["top_k", "top_p", "min_p"]) if (settings[name] !== USUAL[name]) asked[name] = settings[name];
  for (const name of ["seed", "max_tokens"]) if (settings[name] !== "") asked[name] = +settings[name];
  if (settings.samples > 1) asked.choose = settings.choose;
  return asked;
}
// A request that was refused, as the settings are now.
function renewed({top, temperature, top_k, top_p, min_p, seed, max_tokens, choose, ...rest}) {
  return {...rest, ...requested()};
}

// The tools that may be called: those of the run's task, or, where it has none and you tick them, all that there are.
const offered = () => page.info.default_tools.length ? page.info.default_tools : page.info.tools;
const tools = () => settings.tools ? offered() : [];
// What belongs to a question alone.
function requestedOfQuestion() {
  const asked = {}, facts = settings.facts.split("\n").map(line => line.trim()).filter(Boolean);
  if (settings.form) asked.form = settings.form;
  if (facts.length) asked.facts = facts;
  else if (settings.lookup) asked.lookup = true;
  return asked;
}
function showSettings() {
  for (const shown of Object.values(controls)) shown();
  document.getElementById("plan").textContent = plan();
  choose(kind);
}

// What the folded settings amount to, in a few words beside the button.
function plan() {
  const heat = settings.falls ? `temperature ${settings.temperature} to ${settings.last}` : settings.temperature
    ? `temperature ${settings.temperature}` : "the likeliest token each time";
  return settings.samples > 1 ? `${settings.samples} samples, ${heat}` : heat;
}

// ---- controls ----

function labelled(text, control, kind = "", hint = "") {
  const made = element("label", {className: "control " + kind}, element("span", {}, text), control);
  if (hint) made.append(element("small", {className: "soft"}, hint));
  return made;
}
function slider(name, text, from, to, step, hint, when = () => true) {
  const range = element("input", {type: "range", min: from, max: to, step});
  const box = element("input", {type: "number", min: from, step});
  range.setAttribute("aria-label", text + ", slider");
  const set = value => { if (value !== "" && Number.isFinite(+value)) { settings[name] = +value; showSettings(); } };
  range.oninput = () => set(range.value);
  box.onchange = () => set(box.value);
  const made = labelled(text, element("span", {className: "pair"}, range, box), "", hint);
  box.setAttribute("aria-label", text);
  controls[name] = () => { range.value = settings[name]; box.value = settings[name]; made.hidden = !when(); };
  return made;
}
function numberBox(name, text, without, hint) {
  const box = element("input", {type: "number", min: 0, step: 1, placeholder: without});
  box.setAttribute("aria-label", text);
  box.onchange = () => { settings[name] = box.value; showSettings(); };
  controls[name] = () => { box.value = settings[name]; };
  return labelled(text, box, "", hint);
}
function writing(name, text) {
  const box = element("textarea", {rows: 2, oninput: () => { settings[name] = box.value; showSettings(); }});
  controls[name] = () => { if (box.value !== settings[name]) box.value = settings[name]; };
  return labelled(text, box, "wide");
}
function tick(name, text) {
  const box = element("input", {type: "checkbox", onchange: () => { settings[name] = box.checked; showSettings(); }});
  controls[name] = () => { box.checked = settings[name]; };
  return element("label", {className: "control tick"}, box, element("span", {}, text));
}
function choice(name, text, options, when = () => true) {
  const box = element("select", {onchange: () => { settings[name] = box.value; showSettings(); }},
    ...Object.entries(options).map(([value, told]) => element("option", {value}, told)));
  const made = labelled(text, box);
  controls[name] = () => { box.value = settings[name]; made.hidden = !when(); };
  return made;
}

// ---- the temperature, drawn ----

function temperatureAt(t) {
  const {temperature: first, last, over, falls} = settings, share = Math.min(t / over, 1);
  if (!falls) return first;
  if (settings.shape === "linear" || first <= 0 || last <= 0) return first + (last - first) * share;
  return first * (last / first) ** share;
}
function drawCurve(curve) {
  const long = 64, top = Math.max(1, settings.temperature, settings.falls ? settings.last : 0);
  const at = t => `${30 + 200 * t / long},${8 + 56 * (1 - temperatureAt(t) / top)}`;
  const text = (x, y, words, anchor) => {
    const made = shape("text", {x, y, "text-anchor": anchor});
    made.textContent = words;
    return made;
  };
  curve.replaceChildren(
    shape("path", {class: "axis", d: "M30 8V64H230"}),
    text(26, 14, String(top), "end"), text(26, 66, "0", "end"),
    text(30, 80, "first token", "start"), text(230, 80, `token ${long}`, "end"),
    shape("polyline", {points: Array.from({length: long + 1}, (_, t) => at(t)).join(" ")}));
  const {temperature, last, over, falls} = settings;
  curve.setAttribute("aria-label", falls ? `temperature from ${temperature} to ${last} over ${over} tokens, then ${last}`
    : `temperature ${temperature} at every token`);
}
