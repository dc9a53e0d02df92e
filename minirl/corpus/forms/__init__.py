"""From the form in which a document was read to plain text. Conversion is work, so it is done after the documents have
been shared out among processes."""

from collections.abc import Callable

from minirl.corpus.forms import cnxml, html_pages, wikitext

FORMS: dict[str, Callable[[str], str]] = {
    "text": lambda text: text,
    "wikitext": wikitext.to_text,
    "html": html_pages.to_text,
    "cnxml": cnxml.to_text,
}
