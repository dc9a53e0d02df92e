"""One episode under the microscope: record.py (what happened at each token), page.py (as a page that a browser opens),
figure.py (as an image)."""

from minirl.microscope.figure import draw
from minirl.microscope.page import page
from minirl.microscope.record import Moment, Trace, look, record, signed, visible

__all__ = ["Moment", "Trace", "draw", "look", "page", "record", "signed", "visible"]
