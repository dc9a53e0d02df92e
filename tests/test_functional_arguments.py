"""What functions take as ids, targets, masks and choices, and what they refuse, on both backends."""

import numpy as np
import pytest

from minirl import Tensor, kernels
from minirl import functional as F

TABLE = np.arange(15, dtype=np.float32).reshape(5, 3)
LOGITS = np.array([[1.0, 2.0, -1.0], [0.5, 0.0, 3.0]], np.float32)


@pytest.fixture(params=["reference", *(["native"] if kernels.has_native() else [])], autouse=True)
def backend(request):
    with kernels.using(request.param):
        yield


def table():
    return Tensor(TABLE.copy(), requires_grad=True)


@pytest.mark.parametrize(
    "ids",
    [
        np.array([[0, 4], [2, 2]], np.int64),
        np.array([[0, 4], [2, 2]], np.uint16),
        np.array([[0, 2], [4, 2]], np.int32).T,
        [[0, 4], [2, 2]],
        Tensor([[0, 4], [2, 2]]),
        [np.int64(0), 4],
        np.array(3),
        3,
        Tensor(3),
        [],
        np.zeros((2, 0), np.int64),
    ],
    ids=str,
)
def test_embedding_takes_whole_numbers_of_any_kind_and_shape(ids):
    w, plain = table(), np.asarray(ids).astype(int)
    y = F.embedding(ids, w)
    np.testing.assert_array_equal(y.data, TABLE[plain])
    y.sum().backward()
    expected = np.zeros((5, 3))
    np.add.at(expected, plain, 1)
    np.testing.assert_array_equal(w.grad, expected)


BAD_IDS = [
    (IndexError, [0, -1], r"\[1\] is -1; expected 0 to"),
    (IndexError, [2**32, 0], r"\[0\] is 4294967296"),
    (IndexError, np.array([99, 0], np.uint64), r"\[0\] is 99"),
    (TypeError, [0.0, 1.0], "dtype float64; expected whole numbers"),
    (TypeError, [True, False], "dtype bool; expected whole numbers"),
]


@pytest.mark.parametrize("error, ids, message", BAD_IDS, ids=[str(ids) for _, ids, _ in BAD_IDS])
def test_ids_and_targets_out_of_range_or_not_whole_are_refused(error, ids, message):
    w, logits = table(), Tensor(LOGITS)
    for name, call in {
        "embedding": lambda: F.embedding(ids, w),
        "log_prob": lambda: F.log_prob(logits, ids),
        "cross_entropy": lambda: F.cross_entropy(logits, ids),
        "linear_cross_entropy": lambda: F.linear_cross_entropy(logits, w, ids),
        "linear_log_prob": lambda: F.linear_log_prob(logits, w, ids),
    }.items():
        with pytest.raises(error, match=f"{name}: .*{message}"):
            call()


@pytest.mark.parametrize("targets", [[1, 2], np.array([1, 2]), Tensor([1, 2]), np.array([1, 2], np.uint8)])
def test_targets_of_any_kind(targets):
    x = Tensor(LOGITS)
    log_pi = np.log(np.exp(LOGITS) / np.exp(LOGITS).sum(-1, keepdims=True))
    picked = log_pi[[0, 1], [1, 2]]
    np.testing.assert_allclose(F.log_prob(x, targets).data, picked, rtol=1e-5)
    assert F.cross_entropy(x, targets).item() == pytest.approx(-picked.mean(), rel=1e-5)
    eye = Tensor(np.eye(3, dtype=np.float32))
    assert F.linear_cross_entropy(x, eye, targets).loss.item() == pytest.approx(-picked.mean(), rel=1e-5)
    np.testing.assert_allclose(F.linear_log_prob(x, eye, targets)[0].data, picked, rtol=1e-5)


def test_shapes_of_targets_are_checked():
    for call in (F.log_prob, F.cross_entropy):
        with pytest.raises(ValueError, match=rf"{call.__name__}: targets have shape \(1,\); expected \(2,\)"):
            call(Tensor(LOGITS), [0])
    for call in (F.linear_cross_entropy, F.linear_log_prob):
        with pytest.raises(ValueError, match=rf"{call.__name__}: targets have shape \(3,\); expected \(2,\)"):
            call(Tensor(LOGITS), table(), [0, 1, 2])
    with pytest.raises(ValueError, match=r"cross_entropy: weights have shape \(3,\)"):
        F.cross_entropy(Tensor(LOGITS), [0, 1], weights=np.ones(3))
    with pytest.raises(ValueError, match=r"embedding: table has shape \(5,\); expected \(V, C\)"):
        F.embedding([0], Tensor.ones(5))


def test_cross_entropy_of_given_logits_is_that_of_the_fused_layer():
    h, w = Tensor(LOGITS), table()
    for targets, weights in (([1, 4], None), ([-100, 4], None), ([1, 4], [0.5, -2.0]), ([-100, -100], None)):
        fused = F.linear_cross_entropy(h, w, targets, weights).loss.item()
        assert F.cross_entropy(h @ w.T, targets, weights).item() == pytest.approx(fused, rel=1e-5, abs=1e-6)
    with pytest.raises(ValueError, match=r"label_smoothing 1.5 must lie in \[0, 1\]"):
        F.cross_entropy(h, [0, 1], label_smoothing=1.5)


def test_label_smoothing_spreads_the_target():
    log_pi = F.log_softmax(Tensor(LOGITS)).data
    smooth = 0.7 * np.eye(3)[[1, 2]] + 0.3 / 3
    expected = -(smooth * log_pi).sum(-1).mean()
    assert F.cross_entropy(Tensor(LOGITS), [1, 2], label_smoothing=0.3).item() == pytest.approx(expected, rel=1e-5)


def test_entropy_of_impossible_tokens_is_a_number():
    x = Tensor([[0.0, 0.0, -np.inf]], requires_grad=True)
    y = F.entropy(x)
    y.sum().backward()
    assert y.item() == pytest.approx(np.log(2), rel=1e-6)
    np.testing.assert_allclose(x.grad, [[0, 0, 0]], atol=1e-7)


def test_masked_attention_is_attention():
    rng = np.random.default_rng(0)
    q, k, v = (Tensor(rng.standard_normal((2, 5, h, 4)).astype(np.float32)) for h in (4, 2, 2))
    everything = np.ones((5, 5), bool)
    for causal in (True, False):
        expected = F.attention(q, k, v, causal=causal).data
        np.testing.assert_allclose(F.attention(q, k, v, causal, mask=everything).data, expected, rtol=1e-4, atol=1e-5)
    lower = F.attention(q, k, v, causal=False, mask=Tensor(everything).tril())
    np.testing.assert_allclose(lower.data, F.attention(q, k, v).data, rtol=1e-4, atol=1e-5)
    nothing = F.attention(q, k, v, mask=np.zeros((2, 1, 1, 5), bool))
    np.testing.assert_array_equal(nothing.data, np.zeros((2, 5, 4, 4)))
    with pytest.raises(ValueError, match=r"mask has shape \(3, 5\); .*\(2, 4, 5, 5\)"):
        F.attention(q, k, v, mask=everything[:3])
    with pytest.raises(TypeError, match="mask has dtype float64"):
        F.attention(q, k, v, mask=np.ones((5, 5)))
    with pytest.raises(ValueError, match="both documents and a mask"):
        F.attention(q, k, v, mask=everything, documents=F.Documents(np.array([0, 5])))
    with pytest.raises(ValueError, match="H_kv divides H"):
        F.attention(q, k, v[:, :, :1].repeat(3, axis=2), mask=everything)


def test_where_takes_numbers():
    x = Tensor([1.0, 3.0])
    assert F.where(x > 2, 1, 0).tolist() == [0, 1] and F.where(x > 2, 1, 0).dtype == np.int32
    assert F.where(x > 2, 1.5, 0).tolist() == [0, 1.5] and F.where(x > 2, 1, 0.5).dtype == np.float32
    assert F.where([True, False], x, [9, 9]).tolist() == [1, 9]
    a, b = Tensor([1.0, 3.0], requires_grad=True), Tensor([1.0, 3.0], requires_grad=True)
    F.where([True, False], a, b).backward([np.inf, 1.0])  # what was not chosen gets 0, not 0 times infinity
    assert a.grad.tolist() == [np.inf, 0] and b.grad.tolist() == [0, 1]
