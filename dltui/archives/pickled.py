"""Pickles of tensors, read by a machine of our own that can make tensors' descriptions and plain values only.

Nothing is imported and nothing is called: whatever a pickle asks for by name becomes a stand-in, and names beyond
those that a state dict needs are kept, so that the file can be refused with the list of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from struct import error as StructError  # noqa: N812 - the module calls it error
from struct import unpack_from
from typing import Any

from dltui.archives.rebuilt import CALLS, PLAIN, STORAGES, Storage, Tensor

MOST_BYTES = 32_000_000  # of one pickle; 100,000 tensors take about 20,000,000
MOST_STEPS = 4_000_000  # operations; 100,000 tensors take 3,300,000
MOST_MADE = 1_000_000  # lists, dictionaries and tuples
RENAMED = {"__builtin__": "builtins", "copy_reg": "copyreg"}  # Python 2's names


class Broken(Exception):
    """A pickle that contradicts itself, or is beyond all bounds."""


@dataclass(frozen=True, slots=True)
class Name:
    """A function or class that a pickle asks for; never looked up."""

    path: str


@dataclass(eq=False, slots=True)
class Thing:
    """What a pickle would have made by calling something.

    Attributes:
        path: What it would have called.
        state: What it would have set in it.
    """

    path: str
    state: Any = None


@dataclass(frozen=True)
class Unpickled:
    """What a pickle holds.

    Attributes:
        value: Plain values, dictionaries and lists, tensors' descriptions, and stand-ins.
        wanted: Functions and classes that it asks for beyond those of a state dict.
        storages: All storages that it names, by their keys.
        end: The byte after it.
    """

    value: Any
    wanted: tuple[str, ...]
    storages: dict[str, Storage]
    end: int


def unpickle(data: Any, start: int = 0, *, script: bool = False) -> Unpickled:
    """Return what a pickle describes, executing nothing.

    Args:
        data: Bytes, or a mapped file.
        start: Where the pickle begins.
        script: Whether classes of a TorchScript program may be asked for.

    Returns:
        Its value and what it asks for.

    Raises:
        Broken: If it is damaged, uses what state dicts never use, or is beyond all bounds.
    """
    machine = _Machine(data, start, script=script)
    try:
        value = machine.run()
    except (
        IndexError,
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        OverflowError,
        RecursionError,
        StructError,
    ) as error:
        raise Broken(f"its pickle breaks off or contradicts itself at byte {machine.at}") from error
    return Unpickled(value, tuple(sorted(machine.wanted)), machine.storages, machine.at)


@dataclass(eq=False)
class _Machine:
    """The stack machine that pickles are programs of."""

    data: Any
    at: int
    script: bool = False
    stack: list[Any] = field(default_factory=list)
    marks: list[list[Any]] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)
    wanted: set[str] = field(default_factory=set)
    storages: dict[str, Storage] = field(default_factory=dict)
    made: int = 0

    def run(self) -> Any:
        """Carry out the program and return what it leaves."""
        steps = {ord(code): getattr(self, method) for code, method in STEPS.items()}
        first, data = self.at, self.data
        for done in range(MOST_STEPS):
            code = data[self.at]
            self.at += 1
            if code == 46:  # STOP
                return self.stack.pop()
            step = steps.get(code)
            if step is None:
                raise Broken(f"its pickle uses the operation {code:#04x}, which state dicts never use")
            step()
            if not done & 0xFFF and (self.made > MOST_MADE or self.at - first > MOST_BYTES):
                raise Broken(
                    f"its pickle makes more than {MOST_MADE:,} lists or has more than {MOST_BYTES:,} bytes"
                )
        raise Broken(f"its pickle takes more than {MOST_STEPS:,} steps")

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        found = self.data[self.at : self.at + count]
        if len(found) < count or count > MOST_BYTES:
            raise Broken("its pickle breaks off")
        self.at += count
        return bytes(found)

    def number(self, kind: str, size: int) -> Any:
        """Return the next number."""
        found = unpack_from(kind, self.data, self.at)[0]
        self.at += size
        return found

    def line(self) -> str:
        """Return the text up to the end of the line."""
        end = self.data.find(b"\n", self.at, self.at + 65536)
        if end < 0:
            raise Broken("its pickle breaks off")
        found = bytes(self.data[self.at : end])
        self.at = end + 1
        return found.decode("utf-8", "replace")

    def since_mark(self) -> list[Any]:
        """Return what was put on the stack since the last mark."""
        found, self.stack = self.stack, self.marks.pop()
        return found

    # --- plain values ---

    def skip_one(self) -> None:
        """PROTO: the protocol's number."""
        self.at += 1

    def skip_eight(self) -> None:
        """FRAME: how long the next stretch is."""
        self.at += 8

    def none(self) -> None:
        """NONE."""
        self.stack.append(None)

    def true(self) -> None:
        """NEWTRUE."""
        self.stack.append(True)

    def false(self) -> None:
        """NEWFALSE."""
        self.stack.append(False)

    def int4(self) -> None:
        """BININT."""
        self.stack.append(self.number("<i", 4))

    def int1(self) -> None:
        """BININT1."""
        self.stack.append(self.data[self.at])
        self.at += 1

    def int2(self) -> None:
        """BININT2."""
        self.stack.append(self.number("<H", 2))

    def long1(self) -> None:
        """LONG1."""
        self.stack.append(int.from_bytes(self.take(self.number("<B", 1)), "little", signed=True))

    def int_line(self) -> None:
        """INT and LONG, as text."""
        text = self.line().rstrip("L")
        self.stack.append({"00": False, "01": True}[text] if text in {"00", "01"} else int(text))

    def float8(self) -> None:
        """BINFLOAT."""
        self.stack.append(self.number(">d", 8))

    def float_line(self) -> None:
        """FLOAT, as text."""
        self.stack.append(float(self.line()))

    def text4(self) -> None:
        """BINUNICODE."""
        self.stack.append(self.take(self.number("<I", 4)).decode("utf-8", "replace"))

    def text1(self) -> None:
        """SHORT_BINUNICODE."""
        self.stack.append(self.take(self.number("<B", 1)).decode("utf-8", "replace"))

    def text8(self) -> None:
        """BINUNICODE8."""
        self.stack.append(self.take(self.number("<Q", 8)).decode("utf-8", "replace"))

    def text_line(self) -> None:
        """UNICODE and STRING, as text."""
        self.stack.append(self.line().strip("'\""))

    def old_text1(self) -> None:
        """SHORT_BINSTRING, Python 2's texts."""
        self.stack.append(self.take(self.number("<B", 1)).decode("latin-1"))

    def old_text4(self) -> None:
        """BINSTRING, Python 2's texts."""
        self.stack.append(self.take(self.number("<I", 4)).decode("latin-1"))

    def bytes1(self) -> None:
        """SHORT_BINBYTES."""
        self.stack.append(self.take(self.number("<B", 1)))

    def bytes4(self) -> None:
        """BINBYTES."""
        self.stack.append(self.take(self.number("<I", 4)))

    def bytes8(self) -> None:
        """BINBYTES8 and BYTEARRAY8."""
        self.stack.append(self.take(self.number("<Q", 8)))

    # --- lists, dictionaries, tuples ---

    def mark(self) -> None:
        """MARK."""
        self.made += 1
        self.marks.append(self.stack)
        self.stack = []

    def empty_list(self) -> None:
        """EMPTY_LIST and EMPTY_SET."""
        self.made += 1
        self.stack.append([])

    def empty_dict(self) -> None:
        """EMPTY_DICT."""
        self.made += 1
        self.stack.append({})

    def empty_tuple(self) -> None:
        """EMPTY_TUPLE."""
        self.stack.append(())

    def tuple_mark(self) -> None:
        """TUPLE and FROZENSET."""
        found = tuple(self.since_mark())
        self.stack.append(found)

    def tuple1(self) -> None:
        """TUPLE1."""
        self.made += 1
        self.stack[-1] = (self.stack[-1],)

    def tuple2(self) -> None:
        """TUPLE2."""
        self.made += 1
        self.stack[-2:] = [(self.stack[-2], self.stack[-1])]

    def tuple3(self) -> None:
        """TUPLE3."""
        self.made += 1
        self.stack[-3:] = [(self.stack[-3], self.stack[-2], self.stack[-1])]

    def list_mark(self) -> None:
        """LIST."""
        found = self.since_mark()
        self.stack.append(found)

    def dict_mark(self) -> None:
        """DICT."""
        found = self.since_mark()
        self.stack.append(_paired(found))

    def append(self) -> None:
        """APPEND."""
        item = self.stack.pop()
        self._extend([item])

    def appends(self) -> None:
        """APPENDS and ADDITEMS."""
        self._extend(self.since_mark())

    def _extend(self, items: list[Any]) -> None:
        if isinstance(self.stack[-1], list):
            self.stack[-1].extend(items)
        elif not isinstance(self.stack[-1], Thing):
            raise Broken("its pickle adds to what is no list")

    def set_item(self) -> None:
        """SETITEM."""
        value = self.stack.pop()
        key = self.stack.pop()
        self._update({_key(key): value})

    def set_items(self) -> None:
        """SETITEMS."""
        self._update(_paired(self.since_mark()))

    def _update(self, items: dict[Any, Any]) -> None:
        if isinstance(self.stack[-1], dict):
            self.stack[-1].update(items)
        elif not isinstance(self.stack[-1], Thing):
            raise Broken("its pickle sets an item of what is no dictionary")

    # --- the stack and the memo ---

    def pop(self) -> None:
        """POP."""
        if self.stack:
            self.stack.pop()
        else:
            self.since_mark()

    def pop_mark(self) -> None:
        """POP_MARK."""
        self.since_mark()

    def double(self) -> None:
        """DUP."""
        self.stack.append(self.stack[-1])

    def get1(self) -> None:
        """BINGET."""
        self.stack.append(self.memo[self.data[self.at]])
        self.at += 1

    def get4(self) -> None:
        """LONG_BINGET."""
        self.stack.append(self.memo[self.number("<I", 4)])

    def get_line(self) -> None:
        """GET, as text."""
        self.stack.append(self.memo[int(self.line())])

    def put1(self) -> None:
        """BINPUT."""
        self.memo[self.data[self.at]] = self.stack[-1]
        self.at += 1

    def put4(self) -> None:
        """LONG_BINPUT."""
        self.memo[self.number("<I", 4)] = self.stack[-1]

    def put_line(self) -> None:
        """PUT, as text."""
        self.memo[int(self.line())] = self.stack[-1]

    def memoize(self) -> None:
        """MEMOIZE."""
        self.memo[len(self.memo)] = self.stack[-1]

    # --- names, calls and objects: stand-ins for all of them ---

    def name(self) -> None:
        """GLOBAL."""
        module = self.line()
        self._name(module, self.line())

    def name_stacked(self) -> None:
        """STACK_GLOBAL."""
        word = self.stack.pop()
        self._name(self.stack.pop(), word)

    def _name(self, module: str, word: str) -> None:
        path = f"{RENAMED.get(module, module)}.{word}"
        known = path in CALLS or path in PLAIN or path in STORAGES
        ours = self.script and path.startswith(("__torch__.", "torch.jit._pickle."))
        if not known and not ours:
            self.wanted.add(path)
        self.stack.append(Name(path))

    def called(self) -> None:
        """REDUCE and NEWOBJ: the call is described, and made only for what tensors need."""
        arguments = self.stack.pop()
        self._call(self.stack.pop(), arguments)

    def called_with_names(self) -> None:
        """NEWOBJ_EX."""
        self.stack.pop()
        self.called()

    def called_marked(self) -> None:
        """OBJ."""
        what, *arguments = self.since_mark()
        self._call(what, tuple(arguments))

    def called_line(self) -> None:
        """INST."""
        self.name()
        what = self.stack.pop()
        self._call(what, tuple(self.since_mark()))

    def _call(self, what: Any, arguments: Any) -> None:
        self.made += 1
        if not isinstance(what, Name):
            raise Broken("its pickle calls what is no function")
        call: Callable[..., Any] | None = CALLS.get(what.path)
        if call is None:
            self.stack.append(Thing(what.path, arguments))
        else:
            self.stack.append(call(*arguments))

    def build(self) -> None:
        """BUILD: what would be set in an object is kept beside its stand-in."""
        state = self.stack.pop()
        if isinstance(self.stack[-1], Thing):
            self.stack[-1].state = state
        elif isinstance(self.stack[-1], Tensor) and isinstance(state, tuple) and len(state) >= 4:
            self.stack[-1].become(*state[:4])

    def stored(self) -> None:
        """BINPERSID: where the numbers of a tensor are, or a tensor of the oldest container."""
        self.stack.append(self._stored(self.stack.pop()))

    def stored_line(self) -> None:
        """PERSID, as text."""
        self.stack.append(self._stored(self.line()))

    def _stored(self, told: Any) -> Any:
        if isinstance(told, tuple) and told and told[0] == "module":
            found: Any = told[1]
            return found
        storage = Storage.told(told)
        self.storages.setdefault(storage.key, storage)
        return storage


def _key(key: Any) -> Any:
    """Return a key of a dictionary that can be hashed."""
    try:
        hash(key)
    except TypeError as error:
        raise Broken("its pickle has a list as a key") from error
    return key


def _paired(items: list[Any]) -> dict[Any, Any]:
    """Return keys and values that stand in turn as a dictionary."""
    return {_key(items[i]): items[i + 1] for i in range(0, len(items), 2)}


STEPS = {
    "\x80": "skip_one",
    "\x95": "skip_eight",
    "N": "none",
    "\x88": "true",
    "\x89": "false",
    "J": "int4",
    "K": "int1",
    "M": "int2",
    "\x8a": "long1",
    "I": "int_line",
    "L": "int_line",
    "G": "float8",
    "F": "float_line",
    "X": "text4",
    "\x8c": "text1",
    "\x8d": "text8",
    "V": "text_line",
    "S": "text_line",
    "U": "old_text1",
    "T": "old_text4",
    "C": "bytes1",
    "B": "bytes4",
    "\x8e": "bytes8",
    "\x96": "bytes8",
    "(": "mark",
    "]": "empty_list",
    "\x8f": "empty_list",
    "}": "empty_dict",
    ")": "empty_tuple",
    "t": "tuple_mark",
    "\x91": "tuple_mark",
    "\x85": "tuple1",
    "\x86": "tuple2",
    "\x87": "tuple3",
    "l": "list_mark",
    "d": "dict_mark",
    "a": "append",
    "e": "appends",
    "\x90": "appends",
    "s": "set_item",
    "u": "set_items",
    "0": "pop",
    "1": "pop_mark",
    "2": "double",
    "h": "get1",
    "j": "get4",
    "g": "get_line",
    "q": "put1",
    "r": "put4",
    "p": "put_line",
    "\x94": "memoize",
    "c": "name",
    "\x93": "name_stacked",
    "R": "called",
    "\x81": "called",
    "\x92": "called_with_names",
    "o": "called_marked",
    "i": "called_line",
    "b": "build",
    "Q": "stored",
    "P": "stored_line",
}
