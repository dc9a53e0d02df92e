"""Attention in CUDA against the formula and the reference: rows, documents, prefixes, and a cache."""

import numpy as np
import pytest
from attention_formula import assert_close, draw
from gpu import ORDERS, fetched, mutated, needs_a_compiler, on_device, set_order, shim  # noqa: F401
from parity import normal

from minirl import kernels
from minirl.kernels.device import DeviceError, device

pytestmark = [needs_a_compiler, pytest.mark.usefixtures("shim"), pytest.mark.slow, pytest.mark.cuda]


def results(x):
    q, k, v, dout = (device(np.ascontiguousarray(a)) for a in (x.q, x.k, x.v, x.dout))
    out, lse = kernels.attention(q, k, v, scale=x.scale, causal=x.causal)
    gradients = kernels.attention_backward(dout, q, k, v, out, lse, scale=x.scale, causal=x.causal)
    return fetched((out, lse, *gradients))


@pytest.mark.parametrize(
    ("T", "S", "D", "causal"),
    [(1, 1, 1, True), (33, 33, 24, True), (40, 21, 16, True), (17, 50, 33, True), (20, 37, 100, False), (0, 5, 8, True),
     (5, 0, 8, False)],
)  # fmt: skip
def test_equals_the_formula_in_every_order(T, S, D, causal):
    x = draw(5, 2, T, S, 2, 2, D, causal=causal, outliers=True)
    seen = []
    for order in ORDERS[:3]:
        set_order(order)
        seen.append(results(x))
    assert_close(x, seen[0])
    for other in seen[1:]:
        for one, another in zip(seen[0], other, strict=True):
            np.testing.assert_array_equal(one, another)


def test_slices_of_one_projection():
    x = draw(8, 1, 20, 20, 2, 2, 16)
    expected = results(x)
    packed = device(np.concatenate([x.q, x.k, x.v], axis=2))
    q, k, v = packed[:, :, :4], packed[:, :, 4:6], packed[:, :, 6:]
    gradient = device(np.zeros((1, 20, 8, 16), np.float32))
    dq, dk, dv = gradient[:, :, :4], gradient[:, :, 4:6], gradient[:, :, 6:]
    out, lse = kernels.attention(q, k, v)
    kernels.attention_backward(x.dout, q, k, v, out, lse, dq=dq, dk=dk, dv=dv)
    for one, other in zip(fetched((out, lse, dq, dk, dv)), expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("causal", [True, False])
def test_documents_and_prefixes(causal):
    x = draw(9, 1, 60, 60, 1, 2, 8, causal=causal)
    options = {
        "starts": np.array([0, 10, 10, 31, 45, 60]),
        "prefixes": np.array([-1, -1, 0, 0, -1]),
        "causal": causal,
        "scale": x.scale,
    }
    got = []
    for backend, arrays in (("cuda", on_device), ("reference", lambda a: a)):
        with kernels.using(backend):
            q, k, v, dout = arrays((x.q, x.k, x.v, x.dout))
            out, lse = kernels.attention(q, k, v, **options)
            got.append(fetched((out, lse, *kernels.attention_backward(dout, q, k, v, out, lse, **options))))
    for one, other in zip(*got, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize("shared", [True, False])
def test_decoding_from_a_cache(new, shared):
    rng = np.random.default_rng(0)
    B, H, H_kv, D, rows = 3, 4, 2, 20, 6
    caches = [normal(rng, rows, 50, H_kv, D) for _ in range(2)]
    q = normal(rng, B, H, D)
    options = {"rows": np.array([4, 0, 2], np.int32)}
    if new:
        options["new"] = normal(rng, B, H_kv, D), normal(rng, B, H_kv, D)
    if shared:
        options["prefixes"] = np.array([5, -1, 5], np.int32)
    lengths = np.array([0, 3, 49, 9, 33, 40], np.int32)
    got = []
    for backend, arrays in (("cuda", on_device), ("reference", lambda a: tuple(x.copy() for x in a))):
        with kernels.using(backend):
            k, v = arrays(tuple(caches))
            out = kernels.attention_decode(*arrays((q,)), k, v, lengths, **options)
            got.append(fetched((out, k, v)))
    np.testing.assert_allclose(got[0][0], got[1][0], atol=1e-5)
    for one, other in zip(got[0][1:], got[1][1:], strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_head_that_is_too_large_is_refused():
    x = np.zeros((1, 2, 1, 130), np.float32)
    with pytest.raises(NotImplementedError, match="heads of size 130 have no CUDA kernel; the largest is 128"):
        kernels.attention(x, x, x)


# ---- drawing tokens ----


@pytest.mark.parametrize("top_p", [1.0, 0.91, 0.31])
@pytest.mark.parametrize("top_k", [0, 1, 5, 1000])
def test_draws_are_the_references(top_k, top_p):
    rng = np.random.default_rng(top_k)
    for V in (1, 41, 701):  # where no sum of equal probabilities is just top_p
        logits = (rng.standard_normal((6, V)) * 2).astype(np.float32)
        logits[:, rng.random(V) < 0.1] = -np.inf
        logits[:, 0] = np.round(logits[:, -1])
        logits[np.isneginf(logits).all(axis=1)] = 0
        logits[2] = 1  # all alike: the lowest ids are kept
        settings = {"temperature": 0.7, "top_k": top_k, "top_p": top_p}
        uniform = rng.random(6)
        got = kernels.sample(device(logits), uniform, **settings)
        with kernels.using("reference"):
            expected = kernels.sample(logits, uniform, **settings)
        np.testing.assert_array_equal(got[0], expected[0])
        np.testing.assert_allclose(got[1], expected[1], atol=2e-5)


def test_the_most_likely_token_and_rows_without_a_distribution():
    logits = np.array([[0, 3, 3, 1], [-np.inf, -np.inf, -5, -6]], np.float32)
    ids, log_prob = kernels.sample(logits, np.array([0.9, 0.9]), temperature=0)
    assert ids.tolist() == [1, 2] and log_prob.tolist() == [0, 0]
    for value in (np.nan, np.inf):
        logits[1, 2] = value
        with pytest.raises(ValueError, match="row 1 of logits holds NaN"):
            kernels.sample(logits, np.array([0.9, 0.9]))


# ---- the tests notice broken kernels ----

BROKEN = {
    "a missing barrier": ("            __syncthreads(); /* the last tile has been read */\n", ""),
    "a wrong lane": ("__shfl_sync(ALL_LANES, weights[r], row)", "__shfl_sync(ALL_LANES, weights[r], row ^ 1)"),
    "a wrong index": ("(query / T * H + head) * T + query % T] = sum", "(query / T * H + head) * T + query % H] = sum"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_kernel_is_noticed(broken):
    x = draw(1, 2, 70, 70, 2, 1, 16)
    noticed = 0
    with mutated("attention", *BROKEN[broken]):
        for order in ORDERS:
            set_order(order)
            try:
                assert_close(x, results(x))
            except (AssertionError, DeviceError):
                noticed += 1
    assert noticed
