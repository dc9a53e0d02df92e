// Code and tables that are wider than the screen scroll inside their boxes. The arrow keys can scroll a box once it has
// the focus, so each box that scrolls can be reached with the Tab key.
function reachable() {
  for (const box of document.querySelectorAll("article pre, article .table-wrapper, article .math-wrapper")) {
    if (box.scrollWidth > box.clientWidth) {
      box.setAttribute("tabindex", "0");
    } else {
      box.removeAttribute("tabindex");
    }
  }
}

addEventListener("load", reachable);
addEventListener("resize", reachable);
