"""Pickles from strangers: numeric arrays and plain containers are read, anything else is refused.

A pickle is a program. Python's own reader lets it call what it names, and numpy's part of a pickle
can make numpy follow pointers; so neither is used. The reader here interprets the few instructions
that arrays and containers need: names in a pickle become inert records, arrays are made from the
bytes in the file after their sizes are checked, and nothing of Python or numpy is called by name.
"""

import codecs
import pickletools
from collections.abc import Callable
from typing import IO, Any, BinaryIO, cast

from ..ground.errors import UserError
from ._arrays import Arrays, Name, Pending, RefusedError, mapping

# numpy.core was renamed numpy._core in numpy 2; pickles have either.
ADMITTED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy.core.numeric", "_frombuffer"),
    ("numpy._core.numeric", "_frombuffer"),
    ("collections", "OrderedDict"),
    ("_codecs", "encode"),  # by which old pickles of Python 3 write bytes,
    ("__builtin__", "bytes"),  # and no bytes
}
MOST_INSTRUCTIONS = 5_000_000  # bounds what small objects take; MiniImagenet needs some 100,000
LONGEST = 200  # characters of the reader's reason in a message
OPCODES = {opcode.code.encode("latin1"): opcode for opcode in pickletools.opcodes}

# Instructions that put their argument, or a constant, on the stack.
VALUES = {
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    *("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
}
CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "EMPTY_DICT": dict,
}
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


def load(file: BinaryIO, where: str, size: int | None = None) -> Any:
    """Return the object pickled in `file`, also by Python 2; `where` names the file in the message.

    Args:
        file: the pickle, read from its beginning.
        where: what the message calls it.
        size: its length in bytes, if it is known without reading all of it.

    Raises:
        UserError: the pickle names a class or function that numeric arrays and plain containers
            don't need, or is damaged.
    """
    try:
        return _Reader(_Source(file, size)).load()
    except RefusedError as error:
        raise UserError(
            f"{where}: the pickle asks for {str(error)[:LONGEST]}, which an archive of arrays does "
            "not need; it was refused, don't trust this file."
        ) from error
    except Exception as error:  # a damaged pickle may raise anything
        reason = " ".join(str(error)[:LONGEST].split()) or type(error).__name__
        raise UserError(f"{where} cannot be read as a pickle ({reason}).") from error


class _Source:
    """A file that refuses to read more than it holds, before memory is taken for it."""

    def __init__(self, file: BinaryIO, size: int | None) -> None:
        self.file = file
        self.size = file.seek(0, 2) if size is None else size
        if size is None:
            file.seek(0)
        self.left = self.size

    def read(self, count: int) -> bytes:
        if not 0 <= count <= self.left:
            raise ValueError(f"{count} bytes announced, {self.left} left")
        self.left -= count
        return self.file.read(count)

    def readline(self) -> bytes:
        line = self.file.readline(self.left)
        self.left -= len(line)
        return line


class _Reader:
    """An interpreter of the instructions that arrays and plain containers need."""

    def __init__(self, source: _Source) -> None:
        self.source = source
        self.stack: list[Any] = []
        self.marks: list[int] = []  # heights of the stack
        self.memo: dict[int, Any] = {}
        self.arrays = Arrays(source.size)
        self.makers = self.arrays.makers()

    def load(self) -> Any:
        for _ in range(MOST_INSTRUCTIONS):
            opcode = OPCODES.get(code := self.source.read(1))
            if opcode is None:
                raise ValueError(f"{code!r} is no instruction")
            if opcode.name == "STOP":
                return self._pop()
            self._step(opcode.name, self._argument(opcode))
        raise ValueError(f"more than {MOST_INSTRUCTIONS} instructions")

    def _argument(self, opcode: pickletools.OpcodeInfo) -> Any:
        if opcode.name == "STRING":  # Python 2's: quoted, any byte escaped
            quoted = self.source.readline().strip()
            if len(quoted) < 2 or quoted[:1] != quoted[-1:] or quoted[:1] not in b"'\"":
                raise ValueError("text without quotes")
            return codecs.escape_decode(quoted[1:-1])[0].decode("latin1")
        return opcode.arg.reader(cast("IO[bytes]", self.source)) if opcode.arg else None

    def _step(self, name: str, argument: Any) -> None:
        if name in VALUES:
            self.stack.append(argument)
        elif name in CONSTANTS:
            self.stack.append(CONSTANTS[name]())
        elif name in TUPLES:
            self.stack.append(tuple(self._pops(TUPLES[name])))
        elif name in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
            self._put(len(self.memo) if name == "MEMOIZE" else argument)
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            self.stack.append(self.memo[argument])
        elif name in ("GLOBAL", "INST"):
            self._name(*argument.split(" ", 1))
        elif name not in ("PROTO", "FRAME"):
            if name not in STEPS:
                raise RefusedError(f"the instruction {name}")
            STEPS[name](self)

    # --- the stack

    def _pop(self) -> Any:
        return self._pops(1)[0]

    def _pops(self, count: int) -> list[Any]:
        floor = self.marks[-1] if self.marks else 0
        if len(self.stack) - count < floor:
            raise ValueError("an instruction lacks its operands")
        taken = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return taken

    def _marked(self) -> list[Any]:
        """Return what lies above the last mark."""
        height = self.marks.pop()
        taken = self.stack[height:]
        del self.stack[height:]
        return taken

    def _top(self, admitted: type) -> Any:
        floor = self.marks[-1] if self.marks else 0
        if len(self.stack) <= floor or type(self.stack[-1]) is not admitted:
            raise ValueError("an instruction has the wrong operand")
        return self.stack[-1]

    def _put(self, place: int) -> None:
        self.memo[place] = top = self.stack[-1]
        if type(top) is Pending:
            top.memos.append(place)

    def _mark(self) -> None:
        self.marks.append(len(self.stack))

    def _dup(self) -> None:
        self.stack.append(self.stack[-1])

    # --- containers

    def _list(self) -> None:
        self.stack.append(self._marked())

    def _tuple(self) -> None:
        self.stack.append(tuple(self._marked()))

    def _dict(self) -> None:
        self.stack.append(mapping({}, self._marked()))

    def _append(self) -> None:
        value = self._pop()
        self._top(list).append(value)

    def _appends(self) -> None:
        values = self._marked()
        self._top(list).extend(values)

    def _setitem(self) -> None:
        item = self._pops(2)
        mapping(self._top(dict), item)

    def _setitems(self) -> None:
        items = self._marked()
        mapping(self._top(dict), items)

    # --- names and arrays

    def _stack_global(self) -> None:
        self._name(*self._pops(2))

    def _name(self, module: str, name: str) -> None:
        if type(module) is not str or type(name) is not str:
            raise ValueError("a name that is no text")
        if (module, name) not in ADMITTED:
            raise RefusedError(f"{module}.{name}")
        self.stack.append(Name(name))

    def _reduce(self) -> None:
        function, arguments = self._pops(2)
        if type(function) is not Name or type(arguments) is not tuple:
            raise RefusedError("a call of what is no admitted name")
        if function.name not in self.makers:
            raise RefusedError(f"a call of {function.name}")
        self.stack.append(self.makers[function.name](*arguments))

    def _build(self) -> None:
        pending, state = self._pops(2)
        if type(pending) is not Pending or type(state) is not tuple:
            raise RefusedError("a state for what is no array")
        made = self.arrays.finished(pending, state)
        self.stack.append(made)
        for place in pending.memos:
            self.memo[place] = made


STEPS = {
    "POP": _Reader._pop,
    "POP_MARK": _Reader._marked,
    "DUP": _Reader._dup,
    "MARK": _Reader._mark,
    "LIST": _Reader._list,
    "TUPLE": _Reader._tuple,
    "DICT": _Reader._dict,
    "APPEND": _Reader._append,
    "APPENDS": _Reader._appends,
    "SETITEM": _Reader._setitem,
    "SETITEMS": _Reader._setitems,
    "STACK_GLOBAL": _Reader._stack_global,
    "REDUCE": _Reader._reduce,
    "BUILD": _Reader._build,
}
