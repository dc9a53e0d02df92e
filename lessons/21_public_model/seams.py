"""Where the functions of lesson 21 go into minirl: files of weights, the chat template, adapters, and perplexity."""

import re

import numpy as np

from minirl import kernels
from minirl.autograd import mode, no_grad
from minirl.lessons import Seam
from minirl.lessons.compare import Bound
from minirl.lessons.lesson import find_lesson
from minirl.tensor.tensor import floating, result, rows

checks = find_lesson("21").module("checks")

SMOLLM = re.compile(
    r"\{% for message in messages %\}\{% if loop.first and messages\[0\]\['role'\] != 'system' %\}"
    r"\{\{ '<\|im_start\|>system(?:\n|\\n)(?P<system>[^{}]*)<\|im_end\|>(?:\n|\\n)' \}\}\{% endif %\}"
    r"\{\{'<\|im_start\|>' \+ message\['role'\] \+ '(?:\n|\\n)' \+ message\['content'\] \+ '<\|im_end\|>' \+ "
    r"'(?:\n|\\n)'\}\}\{% endfor %\}"
    r"\{% if add_generation_prompt %\}\{\{ '<\|im_start\|>assistant(?:\n|\\n)' \}\}\{% endif %\}"
)


def fit_tensor(tensor_of, original):
    """TensorFile.read, for the two types that the learner's function knows."""

    def fitted(file, name):
        if file.dtypes()[name] not in ("F32", "BF16"):
            return original(file, name)
        return np.array(tensor_of(file.path.read_bytes(), name))  # a copy: training changes weights

    return fitted


def fit_blocks(from_blocks, original):
    """minirl.gguf.blocks.dequantized, for Q8_0 and Q4_1."""

    def fitted(kind, data, count, into=None):
        if not is_known(kind):
            return original(kind, data, count, into)
        found = from_blocks(kind.name, data.reshape(-1, kind.size)).reshape(-1)
        if into is None:
            return found
        into.reshape(-1)[:] = found
        return into.reshape(-1)

    return fitted


def is_known(kind):
    """Whether the learner's function reads this type."""
    return kind.name in ("Q8_0", "Q4_1")


def fit_order(row_order, original):
    """minirl.model.gguf_model.neighbours has the learner's signature."""
    return lambda heads, D: row_order(heads, D)


def fit_chat(chat_text, original):
    """minirl.tokenizer.chat_template.render, for the template of SmolLM2 with any system message."""

    def fitted(template, variables):
        found = SMOLLM.fullmatch(template)
        if not found or not variables["messages"]:
            return original(template, variables)
        messages = [{name: str(one[name]) for name in ("role", "content")} for one in variables["messages"]]
        return chat_text(messages, found["system"], bool(variables["add_generation_prompt"]))

    return fitted


def fit_gradients(lora_gradients, original):
    """minirl.functional.low_rank_linear: the same output, and adapters whose gradients are the learner's."""

    def fitted(x, weight, bias, beside, scale, residual=None):
        if weight.requires_grad or (bias is not None and bias.requires_grad):
            return original(x, weight, bias, beside, scale, residual)
        x = floating(x)
        with no_grad():
            y = original(x, weight, bias, beside, scale, residual)

        def backward(dy):
            dz, flat = rows(dy), rows(x.data)
            if residual is not None and residual.requires_grad:
                residual.add_gradient(dy)
            dx = kernels.matmul(dz, weight.data)
            for pair in beside:
                part = np.ascontiguousarray(dz[:, pair.start : pair.start + len(pair.B)])
                through, dA, dB = lora_gradients(part, flat, pair.A.data, pair.B.data, scale)
                pair.A.add_gradient(np.ascontiguousarray(dA, np.float32), fresh=True)
                pair.B.add_gradient(np.ascontiguousarray(dB, np.float32), fresh=True)
                dx += through
            if x.requires_grad:
                x.add_gradient(dx.reshape(x.shape), fresh=True)

        halves = [half for pair in beside for half in (pair.A, pair.B)]
        return result(y.data, tuple(t for t in (x, residual, *halves) if t is not None), backward)

    return fitted


def learned(x, weight, bias, beside, *others):
    """How many adapters of this layer will get a gradient."""
    return len(beside) if mode.recording else 0


def fit_perplexity(perplexity, original):
    """minirl.evaluation.forgetting.of_log_probs has the learner's signature."""
    return lambda windows: perplexity(windows)


SEAMS = [
    Seam(
        "model.safetensors",
        places=[("minirl.model.tensor_file:TensorFile.read", fit_tensor)],
        oracle=checks.found_by_the_library,
        meter="minirl.model.tensor_file:TensorFile.read",
        unit="tensors",
    ),
    Seam(
        "gguf.blocks",
        places=[("minirl.gguf.blocks:dequantized", fit_blocks)],
        oracle=checks.by_bits,
        bound=checks.of_blocks,
        meter="minirl.gguf.blocks:dequantized",
        unit="numbers in blocks",
        work=lambda kind, blocks: 32 * len(blocks),
        metered=lambda kind, data, count, into=None: count if kind.block > 1 else 0,
    ),
    Seam(
        "gguf.rows",
        places=[("minirl.model.gguf_model:neighbours", fit_order)],
        oracle=checks.by_pairs,
        meter="minirl.model.gguf_model:neighbours",
        unit="matrices",
    ),
    Seam(
        "tokenizer.chat",
        places=[("minirl.tokenizer.chat_template:render", fit_chat)],
        oracle=checks.line_by_line,
        meter="minirl.tokenizer.chat_template:render",
        unit="conversations",
    ),
    Seam(
        "lora.gradients",
        places=[("minirl.functional.low_rank:low_rank_linear", fit_gradients)],
        oracle=checks.in_the_type_of,
        bound=checks.of_layer,
        meter="minirl.functional.low_rank:low_rank_linear",
        unit="gradients of adapters",
        metered=learned,
    ),
    Seam(
        "evaluation.perplexity",
        places=[("minirl.evaluation.forgetting:of_log_probs", fit_perplexity)],
        oracle=checks.by_a_root,
        bound=Bound(2000, 1.0, reason="a sum over all tokens of a text, and a power of e"),
        meter="minirl.evaluation.forgetting:of_log_probs",
        unit="texts",
    ),
]
