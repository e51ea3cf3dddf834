"""What functions of torch are called in a graph, and which of them only look at a tensor otherwise."""

from __future__ import annotations

from typing import Any

PLAIN = {
    "truediv": "div",
    "floordiv": "floor_divide",
    "getitem": "index",
    "setitem": "index_put",
    "invert": "logical_not",
    "scaled_dot_product_attention": "attention",
    "multi_head_attention_forward": "attention",
}


def call_name(func: Any) -> str:
    """Return what a function of torch is called in a graph: ``add`` for ``+``, ``add_`` and ``torch.add``.

    Args:
        func: What ``__torch_function__`` was given.

    Returns:
        A short name.
    """
    name = str(getattr(func, "__name__", type(func).__name__))
    if name == "__get__":
        name = str(getattr(getattr(func, "__self__", None), "__name__", "attribute"))
    bare = name.strip("_")
    if name.startswith("__") and bare[:1] in "ri" and bare[1:] in OPERATORS:
        bare = bare[1:]
    return PLAIN.get(bare, bare)


OPERATORS = frozenset((
    *("add", "sub", "mul", "truediv", "floordiv", "matmul", "pow", "mod", "and", "or", "xor"),
    *("lshift", "rshift"),
))


def written(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> Any:
    """Return the tensor that a function gives: what it wrote into where it returns nothing.

    Args:
        func: The function.
        args: Its arguments.
        kwargs: Those by name.
        out: What it returned.

    Returns:
        The output, or the tensor that was written into.
    """
    if out is None and getattr(func, "__name__", "") == "__setitem__":
        return args[0]
    return kwargs.get("out", out) if out is None else out


def overwrites(func: Any) -> bool:
    """Return whether a function changes what it is given."""
    name = str(getattr(func, "__name__", ""))
    return (name.endswith("_") and not name.endswith("__")) or name.startswith(("__i", "__set"))
