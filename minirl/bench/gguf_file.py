"""A Llama-style model of minirl's as a GGUF file, which llama.cpp reads.

The gguf package knows what llama.cpp calls the tensors that a Hugging Face checkpoint has. The file says that there is
no tokenizer: token ids go in and come out.
"""

from os import PathLike

import gguf
import numpy as np

from minirl.kernels.precision import BFLOAT16
from minirl.model import GPT
from minirl.model.checkpoint import to_hugging_face
from minirl.model.hugging_face import model_type

ARCHITECTURE = gguf.MODEL_ARCH.LLAMA


def write(model: GPT, path: str | PathLike[str]) -> None:
    """Write the model's config and its weights, float32 or bfloat16. ValueError for a model that is not Llama-style."""
    config = model.config
    if model_type(config) != "llama":
        raise ValueError(f"gguf_file.write: {config} is GPT-2-style; expected a model of GPTConfig.llama")
    names = gguf.get_tensor_name_map(ARCHITECTURE, config.n_layer)
    writer = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[ARCHITECTURE])
    writer.add_tokenizer_model("no_vocab")
    writer.add_vocab_size(config.vocab_size)
    writer.add_context_length(config.context_length)
    writer.add_block_count(config.n_layer)
    writer.add_embedding_length(config.d_model)
    writer.add_feed_forward_length(config.ff_size)
    writer.add_head_count(config.n_head)
    writer.add_head_count_kv(config.kv_heads)
    writer.add_layer_norm_rms_eps(config.norm_eps)
    writer.add_rope_dimension_count(config.head_size)
    writer.add_rope_freq_base(config.rope_base)
    for name, x in to_hugging_face(config, model.state_dict()).items():
        rotated = "q_proj" in name or "k_proj" in name
        writer.add_tensor(
            names.get_name(name, try_suffixes=(".weight", ".bias")),
            neighbours(x, config.head_size) if rotated else np.ascontiguousarray(x),
            raw_dtype=gguf.GGMLQuantizationType.BF16 if x.dtype == BFLOAT16 else None,
        )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def neighbours(x: np.ndarray, D: int) -> np.ndarray:
    """Rows of heads (H D, ...) in the order in which RoPE's pairs are next to each other.

    minirl and transformers rotate numbers i and i + D/2 of a head, llama.cpp 2 i and 2 i + 1.
    """
    return np.ascontiguousarray(x.reshape(-1, 2, D // 2, *x.shape[1:]).swapaxes(1, 2)).reshape(x.shape)
