"""The pickle reader is a boundary: it reads arrays and containers, and calls nothing."""

import codecs
import collections
import io
import pickle
import pickletools
import struct
import sys
import tracemalloc

import numpy as np
import pytest

from metalandscape.datasets import _pickles
from metalandscape.ground.errors import UserError

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import strategies as st  # noqa: E402

fuzzed = hypothesis.settings(
    max_examples=300, deadline=None, database=None, derandomize=True, print_blob=False
)


def load(data):
    return _pickles.load(io.BytesIO(data), "x.pkl")


# --- the witness: what Python does while a pickle is read

witnessed: list | None = None


def _witness(event, _arguments):
    if witnessed is not None and event != "object.__getattr__":  # hypothesis looks at frames
        witnessed.append(event)


sys.addaudithook(_witness)
for codec in ("ascii", "latin1", "utf-8", "raw-unicode-escape"):  # Python imports them at first use
    codecs.lookup(codec)


def watched(data):
    """Read a pickle; return its value, or None where it is refused, and fail on any side effect."""
    global witnessed
    witnessed = []
    try:
        value = load(data)
    except UserError as error:
        assert "\n" not in str(error) and len(str(error)) < 500
        value = None
    finally:
        events, witnessed = witnessed, None
    assert events == []
    return value


def plain(value):
    """Whether a value holds nothing but numbers, text, containers, numeric arrays and records."""
    waiting, seen = [value], set()
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict | list | tuple) and id(item) not in seen:
            seen.add(id(item))
            waiting += [*item, *item.values()] if isinstance(item, dict) else item
        elif isinstance(item, np.ndarray | np.generic | np.dtype):
            dtype = item if isinstance(item, np.dtype) else item.dtype
            if dtype.kind not in "iufc" or dtype.fields or dtype.subdtype:
                return False
        elif not isinstance(item, dict | list | tuple | str | bytes | bytearray | int | float):
            inert = type(item).__name__ in ("Name", "Pending", "NoneType")
            if not inert:
                return False
    return True


def test_the_witness_sees_what_a_trap_does():
    global witnessed
    witnessed = []
    pickle.loads(b"cos\nsystem\n(S'true'\ntR.")
    events, witnessed = witnessed, None
    assert {"pickle.find_class", "os.system"} <= set(events)


# --- what is read: the same as Python reads


def same(a, b):
    if isinstance(a, np.ndarray | np.generic):
        native = [x.dtype.newbyteorder("=") for x in (a, b)]  # numpy turns some to native order
        assert native[0] == native[1] and a.shape == b.shape
        return np.array_equal(a, b, equal_nan=True)
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and (a == b or a != a)


def arrays(code, shape, values):
    return np.resize(np.array(values), shape).astype(code)


ARRAYS = st.builds(
    arrays,
    st.sampled_from(["u1", "<i8", ">i4", "<f4", ">f8", "f2", "<c16"]),
    st.lists(st.integers(0, 4), max_size=3).map(tuple),
    st.lists(st.integers(0, 100), min_size=1, max_size=9),
)
KEYS = st.text(max_size=5) | st.integers(-(2**40), 2**40) | st.binary(max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | KEYS | ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.lists(inner, max_size=5).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=5)
    ),
    max_leaves=15,
)


@fuzzed
@hypothesis.given(VALUES, st.integers(0, 5))
def test_values_are_those_that_python_reads(value, protocol):
    data = pickle.dumps(value, protocol)
    assert same(watched(data), pickle.loads(data))


@pytest.mark.parametrize("protocol", range(6))
def test_shared_and_ordered_values_are_read(protocol):
    array = np.asfortranarray(np.arange(6, dtype=np.uint8).reshape(2, 3))
    value = collections.OrderedDict(first=array, second=[array, np.int64(5), array[:0]])
    read = load(pickle.dumps(value, protocol))
    assert list(read) == ["first", "second"] and read["second"][0] is read["first"]
    assert same(read["second"], value["second"]) and same(read["first"], array)


def test_a_list_that_holds_itself_is_read():
    value = []
    value.append(value)
    read = load(pickle.dumps(value))
    assert read[0] is read


# --- what is refused


def name(module, attribute):
    return b"c" + module.encode() + b"\n" + attribute.encode() + b"\n"


def text(value):
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def dtype(code, flags=b"K\x00", order="|", middle=b"NNN"):
    made = name("numpy", "dtype") + text(code) + b"\x89\x88\x87R"
    return made + b"(K\x03" + text(order) + middle + b"J\xff\xff\xff\xff" * 2 + flags + b"tb"


def scalar(type_, raw):
    body = b"C" + bytes([len(raw)]) + raw
    return name("numpy.core.multiarray", "scalar") + type_ + body + b"\x86R"


POINTER = struct.pack("<Q", id(object))
HOSTILE = {
    "an object behind cleared flags": scalar(dtype("O8"), POINTER),
    "an object with its own flags": scalar(dtype("O8", b"K\x3f"), POINTER),
    "an object array": name("numpy.core.multiarray", "_reconstruct")
    + name("numpy", "ndarray")
    + b"K\x00\x85C\x01b\x87R(K\x01K\x01\x85"
    + dtype("O8")
    + b"\x89C\x08"
    + POINTER
    + b"tb",
    "a void type": scalar(dtype("V8"), POINTER),
    "a string type": scalar(dtype("S8"), POINTER),
    "a date": scalar(dtype("M8"), POINTER),
    "a type with fields": scalar(dtype("u8", middle=b"N)}"), POINTER),
    "a subarray": scalar(dtype("u8", middle=text("O") + b"NN"), POINTER),
    "flags": scalar(dtype("u8", b"K\x3f"), POINTER),
    "an ndarray called": name("numpy", "ndarray") + b"K\x08\x85\x85R",
    "an ndarray built": name("numpy", "ndarray") + b"}b",
    "a function's state": name("numpy", "dtype") + b"N}" + text("__defaults__") + b")s\x86b",
    "another subtype": name("numpy.core.multiarray", "_reconstruct")
    + name("numpy", "dtype")
    + b"K\x00\x85C\x01b\x87R",
    "a dotted name": text("numpy") + text("ndarray.__new__") + b"\x93",
    "a name that is a list": b"]]\x93",
    "an instance": b"(ios\nsystem\n",
    "a new object": name("numpy", "dtype") + b")\x81",
    "an extension": b"\x82\x01",
    "a persistent object": b"Pid\n",
    "a buffer from elsewhere": b"\x97",
    "a call of a list": b"])R",
    "an append to an array": scalar(dtype("u8"), POINTER) + b"K\x01a",
    "a byte for eight": scalar(dtype("u8"), b"\x01"),
    "a set": b"\x8f",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_arrays_do_not_need_is_refused(case):
    with pytest.raises(UserError, match=r"x\.pkl(: the pickle asks for| cannot be read as a)"):
        load(b"\x80\x04" + HOSTILE[case] + b".")
    watched(b"\x80\x04" + HOSTILE[case] + b".")


def test_numeric_pieces_of_the_same_form_are_read():
    assert load(scalar(dtype("u8"), POINTER) + b".") == id(object)
    with pytest.raises(UserError, match="arrays of type O8"):
        load(scalar(dtype("O8"), POINTER) + b".")


HUGE = struct.pack("<Q", 1 << 40)
BOMBS = {
    "bytes": b"\x8e" + HUGE,
    "a bytearray": b"\x96" + HUGE,
    "text": b"\x8d" + HUGE,
    "a number": b"\x8b\xff\xff\xff\x7f",
    "a frame": b"\x95" + HUGE + b"N.",
    "a memo": b"Nr\xff\xff\xff\xff.",
    "a shape": name("numpy.core.multiarray", "_reconstruct")
    + name("numpy", "ndarray")
    + b"K\x00\x85C\x01b\x87R(K\x01\x8a\x06\0\0\0\0\0\x01\x85"
    + dtype("u8")
    + b"\x89C\x00tb.",
    "a text that many arrays copy": text("a" * 4096)
    + b"q\x00"
    + (name("_codecs", "encode") + b"h\x00" + text("latin1") + b"\x86R") * 5000
    + b".",
    "a list that many mappings copy": b"](" + b"K\x01K\x02\x86" * 5000 + b"eq\x00"
    + (name("collections", "OrderedDict") + b"h\x00\x85R") * 5000
    + b".",
}  # fmt: skip


@pytest.mark.parametrize("case", BOMBS)
def test_sizes_are_checked_before_memory_is_taken(case):
    tracemalloc.start()
    try:
        watched(BOMBS[case])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


DOUBLED = b")" + b"q\x00h\x00\x86" * 60  # a tuple of tuples, 2^60 leaves


@pytest.mark.parametrize(
    "data",
    [
        b"}" + DOUBLED + b"Ns.",  # hashed as a key
        DOUBLED + DOUBLED + b"\x93.",  # hashed as a name, shown in a message
        name("numpy", "dtype") + DOUBLED + b"\x85R.",
        name("numpy", "dtype") + text("u8") + b"\x85R" + DOUBLED + b"b.",
    ],
)
def test_values_that_double_take_no_time(data):
    assert watched(data) is None


# --- the fuzzer

ARGUMENTS = {
    pickletools.UP_TO_NEWLINE: st.binary(max_size=6).map(lambda b: b.replace(b"\n", b"") + b"\n"),
    pickletools.TAKEN_FROM_ARGUMENT1: st.binary(max_size=9).map(lambda b: bytes([len(b)]) + b),
    pickletools.TAKEN_FROM_ARGUMENT4: st.binary(max_size=9).map(
        lambda b: struct.pack("<i", len(b)) + b
    ),
    pickletools.TAKEN_FROM_ARGUMENT4U: st.binary(max_size=9).map(
        lambda b: struct.pack("<I", len(b)) + b
    ),
    pickletools.TAKEN_FROM_ARGUMENT8U: st.binary(max_size=9).map(
        lambda b: struct.pack("<Q", len(b)) + b
    ),
}


def instruction(opcode):
    code = opcode.code.encode("latin1")
    if opcode.arg is None:
        return st.just(code)
    width = opcode.arg.n
    fixed = st.binary(min_size=max(width, 0), max_size=max(width, 0))
    argument = ARGUMENTS.get(width, fixed)
    return argument.map(lambda data: code + data)


GLOBALS = [
    *(name(*each) for each in sorted(_pickles.ADMITTED)),
    name("os", "system"),
    name("builtins", "eval"),
    name("numpy", "load"),
]
PIECES = st.one_of(
    st.sampled_from(pickletools.opcodes).flatmap(instruction),
    st.sampled_from(GLOBALS),
    st.sampled_from([dtype("u1"), dtype("O8"), dtype("f8"), *HOSTILE.values()]),
    st.sampled_from([text("O8"), text("u1"), text("latin1"), text("id"), b"K\x00", b"K\x01\x85"]),
    st.sampled_from([b"(", b"t", b"R", b"b", b")", b"]", b"}", b"\x86", b"\x87", b"q\x00h\x00"]),
    st.binary(max_size=3),
)


@fuzzed
@hypothesis.given(st.lists(PIECES, max_size=30))
def test_no_sequence_of_instructions_does_anything(pieces):
    assert plain(watched(b"\x80\x04" + b"".join(pieces) + b"."))


@fuzzed
@hypothesis.given(VALUES, st.integers(0, 5), st.data())
def test_no_damaged_pickle_does_anything(value, protocol, data):
    pickled = bytearray(pickle.dumps(value, protocol))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(pickled) - 1))
        pickled[at] = data.draw(st.integers(0, 255))
    assert plain(watched(bytes(pickled)))
