"""What may be written down of an error: where in the program it happened, never what it was about.

Messages of exceptions quote file names, places and texts of the person. Words are therefore not struck
out but let through: those of the program itself and a plain vocabulary of Python's own messages. All
others, and every number, become "…".
"""

import builtins
import re
import traceback
from collections.abc import Iterator
from pathlib import PurePosixPath, PureWindowsPath
from types import TracebackType

HIDDEN = "…"
_TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[^\sA-Za-z_]+|\s+")
_ROOTS = ("gleam_app", "training", "site-packages", "dist-packages")
# of messages that Python, Qt, torch and the like write
_VOCABULARY = frozenset(
    [
        "a",
        "an",
        "and",
        "allocate",
        "allocated",
        "already",
        "are",
        "argument",
        "arguments",
        "as",
        "assignment",
        "at",
        "attribute",
        "base",
        "bool",
        "broadcast",
        "but",
        "by",
        "bytes",
        "call",
        "callable",
        "called",
        "can",
        "cannot",
        "changed",
        "closed",
        "comparison",
        "complex",
        "concatenate",
        "convert",
        "converted",
        "could",
        "count",
        "cpu",
        "create",
        "cuda",
        "data",
        "decode",
        "deleted",
        "depth",
        "device",
        "dict",
        "dictionary",
        "dimension",
        "dimensions",
        "directory",
        "disk",
        "division",
        "does",
        "doesn",
        "during",
        "empty",
        "enough",
        "error",
        "exceeded",
        "expected",
        "failed",
        "few",
        "file",
        "float",
        "for",
        "format",
        "from",
        "full",
        "function",
        "got",
        "had",
        "has",
        "have",
        "import",
        "in",
        "index",
        "initialized",
        "instance",
        "int",
        "integer",
        "internal",
        "into",
        "invalid",
        "is",
        "it",
        "item",
        "items",
        "iterable",
        "iteration",
        "key",
        "keyword",
        "left",
        "length",
        "list",
        "literal",
        "locked",
        "long",
        "many",
        "match",
        "maximum",
        "memory",
        "mismatch",
        "missing",
        "module",
        "must",
        "name",
        "named",
        "names",
        "negative",
        "no",
        "none",
        "not",
        "null",
        "number",
        "object",
        "objects",
        "of",
        "on",
        "only",
        "open",
        "operand",
        "operands",
        "operation",
        "or",
        "out",
        "outside",
        "overflow",
        "permission",
        "pickle",
        "pointer",
        "position",
        "positional",
        "process",
        "python",
        "range",
        "reached",
        "read",
        "recursion",
        "referenced",
        "required",
        "requires",
        "returned",
        "run",
        "runtime",
        "same",
        "sequence",
        "set",
        "shape",
        "shapes",
        "should",
        "signal",
        "size",
        "sizes",
        "slice",
        "slot",
        "some",
        "space",
        "state",
        "stopped",
        "str",
        "string",
        "subscriptable",
        "such",
        "support",
        "supported",
        "takes",
        "tensor",
        "than",
        "that",
        "the",
        "there",
        "this",
        "thread",
        "timed",
        "timeout",
        "to",
        "too",
        "truth",
        "tuple",
        "type",
        "types",
        "unable",
        "unbound",
        "undefined",
        "unexpected",
        "unhashable",
        "unknown",
        "unpack",
        "unsupported",
        "used",
        "using",
        "value",
        "values",
        "variable",
        "was",
        "were",
        "when",
        "while",
        "will",
        "with",
        "without",
        "write",
        "wrong",
        "zero",
    ]
)


def in_safe_words(text: str, known: frozenset[str] = frozenset()) -> str:
    """``text`` with every word that is neither ``known`` nor of the vocabulary, and every number, hidden."""
    parts: list[str] = []
    for token in _TOKEN.findall(text):
        if token.isspace():
            part = " "
        elif token[0].isalpha() or token[0] == "_":
            word = token.lower() in _VOCABULARY or token in known or hasattr(builtins, token)
            part = token if word else HIDDEN
        else:
            part = token if all(sign in "()[]<>'\".,:;=+-*/%" for sign in token) else HIDDEN
        if not (part == HIDDEN and parts and parts[-1] == HIDDEN):
            parts.append(part)
    return "".join(parts).strip()


def trace_of(error: BaseException) -> list[str]:
    """The error and what caused it: type, safe words of its message, and the places in the code."""
    lines: list[str] = []
    for one in _chain(error):
        names = _names(one.__traceback__)
        said = in_safe_words(" ".join(str(one).split()), names)
        lines.append(f"{type(one).__module__}.{type(one).__qualname__}: {said}".rstrip(": "))
        for frame in traceback.extract_tb(one.__traceback__):
            lines.append(f"  {code_place(frame.filename)}:{frame.lineno} in {frame.name}")
    return lines


def code_place(filename: str) -> str:
    """A source file from its package on; of any other file the bare name."""
    parts = (PureWindowsPath(filename) if "\\" in filename else PurePosixPath(filename)).parts
    for root in _ROOTS:
        if root in parts:
            place = len(parts) - 1 - parts[::-1].index(root)
            return "/".join(parts[place if root in _ROOTS[:2] else place + 1 :])
    return parts[-1] if parts else HIDDEN


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)


def _names(trace: TracebackType | None) -> frozenset[str]:
    """Names that the code itself uses where the error passed: no data."""
    found: set[str] = {"NoneType"}
    while trace is not None:
        code = trace.tb_frame.f_code
        found.update(code.co_names, code.co_varnames, (code.co_name,))
        trace = trace.tb_next
    return frozenset(found)
