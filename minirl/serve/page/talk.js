// What goes over the wire. No other file knows it: the rest of the page sees models, events, and refusals in sentences.

class Refusal extends Error {}

let lastRequest = null;  // the body, for "copy as curl"
const key = () => new URLSearchParams(location.hash.slice(1)).get("key");

async function send(path, body, signal) {
  const headers = key() ? {Authorization: `Bearer ${key()}`} : {};
  let response;
  try {
    response = await fetch(path, body === undefined ? {headers, signal} : {
      method: "POST", headers: {...headers, "Content-Type": "application/json"}, body: JSON.stringify(body), signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal("The server does not answer. " + LOOK);
  }
  if (!response.ok) throw new Refusal(await reason(response));
  return response;
}
const LOOK = "Look whether python -m minirl.serve still runs in its terminal; start it again if not, and ask once more.";

// A refusal as a sentence that says what to do. The server's own words come first: they name the value it saw.
async function reason(response) {
  let said = "";
  try { said = (await response.json()).error.message; } catch { /* not our server's JSON: the status must do */ }
  const todo = {
    400: "Change that setting and ask again.",
    401: "Add #key= and the server's key to the address of this page.",
    403: "Open the page at the address that the server printed when it started.",
    413: "The request is too long for the server; shorten the text.",
    429: "Too many requests are waiting. Wait a few seconds and ask again.",
    503: "The server is busy or about to stop. Wait a few seconds and ask again.",
  }[response.status] ?? (response.status >= 500
    ? "Something went wrong in the server; its terminal says more. Ask again, or start it again." : "");
  return `${said ? sentence(said) : `The server refused (status ${response.status}).`} ${todo}`.trim();
}

// "the text is empty" becomes a sentence; the name of a field, such as top_p, keeps its small letter.
const sentence = said => said.replace(/\s+/g, " ").replace(/^[a-z]+(?= )/, word => word[0].toUpperCase() + word.slice(1))
  .replace(/([^.?!])$/, "$1.");

// Server-sent events: the objects after "data: ".
async function* read(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let left = "";
  while (true) {
    let chunk;
    try { chunk = await reader.read(); } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Refusal("The connection was lost while the model wrote. " + LOOK);
    }
    left += chunk.value ?? "";
    const lines = left.split(/\r?\n/);
    left = lines.pop();
    for (const line of lines) if (line.startsWith("data:")) yield JSON.parse(line.slice(5));
    if (chunk.done) return;
  }
}

// ---- what the page asks for ----

const info = async () => (await send("/minirl/info")).json();
const tokenize = async text => (await (await send("/minirl/tokenize", {text})).json()).tokens;

// Let the model write. Yields the server's events, with tokens as tokens.js describes them.
async function* generate(request, signal) {
  lastRequest = request;
  let done = false;
  for await (const event of read(await send("/minirl/generate", request, signal))) {
    if (signal.aborted) return;  // events that had arrived before you stopped it
    if (event.type === "error") throw new Refusal(sentence(event.error.message));
    if (event.type === "start") yield {...event, prompt: event.prompt.map(token), prefix: event.prefix.map(token)};
    else if (event.type === "token") yield {type: "token", sample: event.sample, time: event.time, token: token(event)};
    else yield event;
    done = event.type === "done";
  }
  if (!done) throw new Refusal("The server ended the answer too early. " + LOOK);
}

const token = sent => ({
  id: sent.id, text: sent.special ? "" : sent.text, word: sent.word ?? sent.text, kind: sent.kind ?? "said",
  special: sent.special ?? /^<\|.*\|>$/.test(sent.text), forced: sent.forced ?? false, yours: false,
  p: sent.p ?? null, logProb: sent.log_prob ?? null, entropy: sent.entropy ?? null,
  rank: typeof sent.rank === "number" ? sent.rank + 1 : null, temperature: sent.temperature ?? null,
  choices: (sent.top ?? []).map(choice => ({id: choice.id, word: choice.text, p: choice.p})),
});
const asCurl = request => `curl -N ${location.origin}/minirl/generate -H 'Content-Type: application/json' `
  + (key() ? `-H 'Authorization: Bearer ${key()}' ` : "") + `-d '${JSON.stringify(request).replaceAll("'", "'\\''")}'`;
