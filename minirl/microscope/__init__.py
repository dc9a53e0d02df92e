"""One episode under the microscope: moment.py (what is known about each token), record.py (how it is recorded), page.py
(as a page that a browser opens), figure.py (as an image)."""

from minirl.microscope.figure import draw
from minirl.microscope.moment import Choice, Moment, Origin, TraceData, signed, visible
from minirl.microscope.page import page
from minirl.microscope.record import Trace, look, record

__all__ = ["Choice", "Moment", "Origin", "Trace", "TraceData", "draw", "look", "page", "record", "signed", "visible"]
