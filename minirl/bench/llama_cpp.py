"""llama.cpp as a peer of minirl's engine: the same weights, held as minirl holds them, and token ids in and out.

It is called through llama_decode itself, so nothing of its Python package's tokenizing and sampling is timed. Its
defaults, which round keys and values to float16, are set aside.
"""

import ctypes
import tempfile
from pathlib import Path

import llama_cpp
import numpy as np

from minirl import kernels
from minirl.bench import logits
from minirl.kernels.precision import BFLOAT16
from minirl.model import GPT, gguf_model


class LlamaCpp:
    """A copy of a Llama-style model that has room for one text of `capacity` tokens."""

    def __init__(self, model: GPT, capacity: int) -> None:
        threads, state = kernels.get_threads(), model.state_dict()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.gguf")
            halved = any(x.dtype == BFLOAT16 for x in state.values())
            gguf_model.save(model.config, state, path, "BF16" if halved else "F32")
            self.llama = llama_cpp.Llama(
                str(path),
                use_mmap=False,  # the file is gone when this has been read
                n_ctx=capacity,
                n_batch=capacity,
                n_ubatch=capacity,
                n_threads=threads,
                n_threads_batch=threads,
                type_k=llama_cpp.GGML_TYPE_F32,
                type_v=llama_cpp.GGML_TYPE_F32,
                flash_attn=False,  # it would round keys and values to float16
                verbose=False,
            )
        self.context, self.vocab_size = self.llama.ctx, model.config.vocab_size

    def clear(self) -> None:
        """Forget the text."""
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), False)

    def extend(self, ids: np.ndarray) -> np.ndarray:
        """Append the tokens ids (T,) int32 to the text; the logits (V,) that follow, which the next call overwrites."""
        pointer = ids.ctypes.data_as(ctypes.POINTER(llama_cpp.llama_token))
        status = llama_cpp.llama_decode(self.context, llama_cpp.llama_batch_get_one(pointer, len(ids)))
        if status:
            raise RuntimeError(f"llama_decode returned {status} for {len(ids)} tokens; see llama.h")
        return np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(self.context, -1), (self.vocab_size,))

    def complete(self, prompt: np.ndarray, new: int) -> np.ndarray:
        """The most likely tokens (new,) after the prompt, one by one."""
        self.clear()
        written = np.empty(new, np.int32)
        scores = self.extend(prompt)
        for t in range(new):
            written[t] = scores.argmax()
            if t + 1 < new:
                scores = self.extend(written[t : t + 1])
        return written


def check(peer: LlamaCpp, model: GPT, ids: np.ndarray) -> None:
    """RuntimeError where the two have different logits after the tokens ids (T,), or after all but the last one."""
    peer.clear()
    logits.check("llama.cpp", lambda part: peer.extend(part[0])[None], model, ids[None])


def describe() -> str:
    """The version, and the instruction sets that it was built for."""
    system = llama_cpp.llama_print_system_info().decode().strip(" |")
    return f"llama.cpp of llama-cpp-python {llama_cpp.__version__}: {system}"
