"""Arrays that a kernel cannot use as they lie in memory: read-only, misaligned, in odd steps, or overlapping.

Every array argument of every kernel is spoiled in each of these ways, under both backends.
"""

import re

import numpy as np
import pytest
from calls import ARGUMENTS, BACKENDS, CALLS, FAMILY_OPERATIONS, array_parameters, shown

from minirl import kernels


def each(names, values):
    return pytest.mark.parametrize(names, values, ids=["-".join(value) for value in values])


each_argument = each(("operation", "name"), ARGUMENTS)


@pytest.fixture(autouse=True, params=BACKENDS)
def backend(request):
    with kernels.using(request.param):
        yield request.param


def prepared(operation, name):
    call = CALLS[operation]
    return call, call.draw()


def parts(result):
    return result if isinstance(result, tuple) else (result,)


def copies(arrays):
    return {name: x.copy() for name, x in arrays.items()}


@pytest.mark.parametrize("operation", FAMILY_OPERATIONS)
def test_the_table_of_calls_is_complete_and_its_calls_are_good(operation):
    call = CALLS[operation]
    assert {shown(name) for name in call.arrays} == array_parameters(operation)
    before = call.draw()
    arrays = copies(before)
    call.run(operation, arrays)
    changed = {name for name, x in arrays.items() if x.tobytes() != before[name].tobytes()}
    assert changed == set(call.writes), "the table says which arguments are written"


@each_argument
def test_a_read_only_array_is_read_and_never_written(operation, name):
    call, arrays = prepared(operation, name)
    expected = call.run(operation, copies(arrays))
    before = arrays[name].copy()
    arrays[name].flags.writeable = False
    if name in call.writes:
        with pytest.raises(ValueError, match=rf"^{operation}: {shown(name)} is read-only, and the kernel writes to it"):
            call.run(operation, arrays)
    else:
        got = call.run(operation, arrays)
        for one, other in zip(parts(got), parts(expected), strict=True):
            np.testing.assert_array_equal(one, other)
    assert arrays[name].tobytes() == before.tobytes()


@each_argument
def test_a_misaligned_array_is_refused(operation, name):
    call, arrays = prepared(operation, name)
    if arrays[name].itemsize == 1:
        return  # a byte lies well anywhere
    x = arrays[name]
    memory = np.zeros(x.nbytes + 1, np.uint8)
    moved = memory[1:].view(x.dtype).reshape(x.shape)
    moved[...] = x
    assert not moved.flags.aligned
    if name in call.copied:
        call.run(operation, {**arrays, name: moved})
        return
    call.run(operation, arrays)  # the same numbers, just found right, do not make the array right
    with pytest.raises(ValueError, match=rf"^{operation}: {shown(name)} is not aligned: not all of its {x.dtype}"):
        call.run(operation, {**arrays, name: moved})


@each_argument
def test_another_byte_order_is_refused(operation, name):
    call, arrays = prepared(operation, name)
    if arrays[name].itemsize == 1:
        return  # a byte has no order
    swapped = arrays[name].astype(arrays[name].dtype.newbyteorder(">"))
    with pytest.raises(TypeError, match=rf"^{operation}: {shown(name)} is a >.. array; expected"):
        call.run(operation, {**arrays, name: swapped})


@each_argument
def test_a_subclass_of_arrays_is_refused(operation, name):
    call, arrays = prepared(operation, name)
    with pytest.raises(TypeError, match=rf"^{operation}: {shown(name)} is a MaskedArray"):
        call.run(operation, {**arrays, name: np.ma.masked_array(arrays[name])})


ROWS = [(operation, name) for operation, name in ARGUMENTS if name in CALLS[operation].rows]


def in_records(x, inner, padding):
    """x as a field of records, so that rows lie `padding` bytes further apart than they are long."""
    outer, row = x.shape[: x.ndim - inner], x.shape[x.ndim - inner :]
    records = np.zeros(outer, np.dtype([("row", x.dtype, row), ("more", np.uint8, padding)]))
    records["row"] = x
    return records["row"]


@each(("operation", "name"), ROWS)
def test_rows_lie_a_whole_number_of_elements_apart(operation, name):
    call, arrays = prepared(operation, name)
    inner = 1 if "swiglu" in operation else 2
    expected = call.run(operation, copies(arrays))
    wide = {**copies(arrays), name: in_records(arrays[name], inner, 8)}
    if "swiglu" in operation:  # gate and up need one step
        wide = {n: in_records(x, 1, 8) if n in call.rows else x for n, x in wide.items()}
    for one, other in zip(call.run(operation, wide), expected, strict=True):
        np.testing.assert_array_equal(one, other)
    odd = in_records(arrays[name], inner, 2)
    with pytest.raises(ValueError, match=rf"^{operation}: {shown(name)} (is not aligned|has strides)"):
        call.run(operation, {**arrays, name: odd})


OVERLAPS = [
    (operation, written, other)
    for operation, call in CALLS.items()
    for written in call.writes
    for other in call.arrays
    if other != written and other not in call.copied
]


@each(("operation", "written", "other"), OVERLAPS)
def test_what_is_written_shares_no_element_with_another_array(operation, written, other):
    call, arrays = prepared(operation, written)
    memory = np.zeros(arrays[written].size + arrays[other].size, np.float32)
    for name, start in ((written, arrays[other].size - 1), (other, 0)):  # the last element of one is the other's first
        x = arrays[name]
        view = memory[start : start + x.size].view(x.dtype).reshape(x.shape)
        view[...] = x
        arrays[name] = view
    kept = arrays[written].copy()
    with pytest.raises(ValueError, match=rf"^{operation}: .* overlaps .*; "):
        call.run(operation, arrays)
    assert arrays[written].tobytes() == kept.tobytes(), "refused before anything is written"
    arrays[written] = arrays[written].copy()
    arrays[other] = arrays[other].copy()
    call.run(operation, arrays)


def test_slices_of_one_array_whose_rows_alternate_are_apart():
    """q, k, v and the result side by side in one array, and so their gradients."""
    rng = np.random.default_rng(0)
    memory = rng.standard_normal((2, 5, 4, 8)).astype(np.float32)
    q, k, v, out = (memory[:, :, i : i + 1] for i in range(4))
    expected, lse = kernels.attention(q.copy(), k.copy(), v.copy())
    got, _ = kernels.attention(q, k, v, out=out)
    np.testing.assert_array_equal(got, expected)
    dout = rng.standard_normal(q.shape).astype(np.float32)
    wanted = kernels.attention_backward(dout, q, k, v, out, lse)
    gradients = np.zeros_like(memory)
    dq, dk, dv = (gradients[:, :, i : i + 1] for i in range(3))
    found = kernels.attention_backward(dout, q, k, v, out, lse, dq=dq, dk=dk, dv=dv)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match="attention_backward: dk overlaps dq"):
        kernels.attention_backward(dout, q, k, v, out, lse, dq=dq, dk=dq, dv=dv)
    with pytest.raises(ValueError, match="attention_backward: dv overlaps v"):
        kernels.attention_backward(dout, q, k, v, out, lse, dq=dq, dk=dk, dv=v)


def test_rope_turns_in_place():
    rng = np.random.default_rng(0)
    packed = rng.standard_normal((1, 5, 6, 8)).astype(np.float32)
    cosine, sine = kernels.rope_tables(5, 8)
    positions = np.arange(5, dtype=np.int32)
    expected = kernels.rope(packed[:, :, :4], positions, cosine, sine)
    rest = packed[:, :, 4:].copy()
    assert kernels.rope(packed[:, :, :4], positions, cosine, sine, out=packed[:, :, :4]).base is packed
    np.testing.assert_array_equal(packed[:, :, :4], expected)
    np.testing.assert_array_equal(packed[:, :, 4:], rest)
    with pytest.raises(ValueError, match="rope: out overlaps x"):
        kernels.rope(packed[:, :, :4], positions, cosine, sine, out=packed[:, :, 1:5])


def test_adamw_names_the_arrays_that_overlap():
    memory = np.zeros(100, np.float32)
    settings = CALLS["adamw"].options
    a, b, c, d, e = (memory[10 * i : 10 * i + 10] for i in range(5))
    more = [np.zeros(10, np.float32) for _ in range(5)]
    kernels.adamw([a, b], [c, c], [d, e], more[:2], **settings)  # side by side; and gradients are only read
    with pytest.raises(ValueError, match=r"adamw: p\[0\] overlaps p\[1\]; each needs memory of its own"):
        kernels.adamw([a, a], more[:2], more[2:4], [c, d], **settings)
    with pytest.raises(ValueError, match=r"adamw: v\[1\] overlaps g\[0\]; write into another array"):
        kernels.adamw([a, b], [memory[35:45], c], more[:2], [more[3], memory[40:50]], **settings)


@pytest.mark.parametrize(
    ("rows", "prefixes", "message"),
    [
        ([1, 1], [-1, -1], "row 1 is written by several queries"),
        ([0, 1], [-1, 0], r"prefixes\[1\] is row 0, which a query writes to"),
    ],
)
def test_decoding_writes_each_row_once_and_no_prefix(rows, prefixes, message):
    x = np.ones((2, 1, 4), np.float32)
    cache = np.zeros((3, 5, 1, 4), np.float32)
    numbers = [np.array(n, np.int32) for n in (rows, prefixes)]
    given = {"lengths": np.ones(3, np.int32), "rows": numbers[0], "prefixes": numbers[1]}
    kernels.attention_decode(x, cache, cache, **given)  # nothing is written: all may share all
    with pytest.raises(ValueError, match=rf"^attention_decode: {message}"):
        kernels.attention_decode(x, cache, cache.copy(), new=(x, x), **given)


def test_every_message_says_what_to_do():
    x = np.zeros((2, 3), np.float32)
    x.flags.writeable = False
    message = "scale: x is read-only, and the kernel writes to it; pass x.copy() or another array"
    with pytest.raises(ValueError, match=re.escape(message)):
        kernels.scale(x, 2.0)


COLUMNS = [
    ((0, 8, 12), False),
    ((8, 0, 4), False),
    ((0, 7, 12), True),
    ((0, 8, 11), True),
    ((0, 8, 8), True),
    ((8, 0, 14), True),  # dv runs over the end of its row into dk
]


@pytest.mark.parametrize(("places", "overlapping"), COLUMNS)
def test_gradients_as_columns_of_one_array(places, overlapping):
    """dq of 8 columns, dk and dv of 4, in rows of 16."""
    call, arrays = prepared("attention_backward", "dq")
    B, T, _, D = arrays["q"].shape
    memory = np.zeros(B * (T + 1) * 16, np.float32)
    for name, at in zip(("dq", "dk", "dv"), places, strict=True):
        heads = arrays[name].shape[2]
        strides = 4 * 16 * T, 4 * 16, 4 * D, 4
        arrays[name] = np.lib.stride_tricks.as_strided(memory[at:], (B, T, heads, D), strides)
    if overlapping:
        with pytest.raises(ValueError, match=r"^attention_backward: d. overlaps d.; write into another array"):
            call.run("attention_backward", arrays)
        assert not memory.any()
    else:
        call.run("attention_backward", arrays)
