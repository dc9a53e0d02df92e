// What the page knows from the beginning: a conversation that was saved into it, or, when it is served, none.

const page = {
  saved: JSON.parse(document.getElementById("saved").textContent),
  info: null,  // what the server says of itself: GET /minirl/info
};
