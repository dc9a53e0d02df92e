"""GGUF, the file format of llama.cpp: one file holds a model's weights, its shape and its tokenizer.

    from minirl.gguf import GGUF, write
    file = GGUF("model.gguf")
    file.settings["general.architecture"]        # "llama"
    file.read("token_embd.weight")               # an array of float32, whatever the file holds

The gguf package, which llama.cpp's authors keep, reads these files too, and minirl's tests compare with it. It is not
used here because of its speed: it makes several NumPy arrays for every element of a list, and a vocabulary has 100,000
elements. Reading SmolLM2-135M's settings took it seconds, and less than a tenth of one here (docs/models.md).
"""

from minirl.gguf.reader import GGUF, GGUFError
from minirl.gguf.writer import write

__all__ = ["GGUF", "GGUFError", "write"]
