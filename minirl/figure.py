"""A matplotlib figure that a notebook shows and a program saves, made without pyplot.

pyplot keeps a drawing backend and a list of open figures for the whole process. A library that imports it, or chooses a
backend, changes the plots of everybody who imports the library. A Figure of its own needs neither.
"""

import io
import warnings
from os import PathLike

import matplotlib.figure
from matplotlib.backends.backend_agg import FigureCanvasAgg

from minirl.storage.files import atomic_write


class Figure(matplotlib.figure.Figure):
    """A figure that shows itself as the value of a notebook cell."""

    def png(self) -> bytes:
        """The image."""
        buffer = io.BytesIO()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing")  # a sign that the font lacks is drawn as a box
            FigureCanvasAgg(self).print_png(buffer)  # savefig would lay everything out twice
        return buffer.getvalue()

    def save(self, path: str | PathLike[str]) -> bytes:
        """Write the image, a .png, atomically; returns what is in the file."""
        image = self.png()
        with atomic_write(path, "wb") as file:
            file.write(image)
        return image

    def _repr_png_(self) -> bytes:
        """What Jupyter asks the value of a cell for."""
        return self.png()
