"""Saying in one sentence why a loss can't be differentiated twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor
from torch.autograd.function import BackwardCFunction

from dltui.errors import DltuiError
from dltui.objective import Objective
from dltui.objective.bound import DETACHED

MISSING = re.compile(r"derivative for '?(?:aten::)?_?(\w+?)(?:_backward)?\b.* is not implemented")
ONCE = "@once_differentiable"
TURNED_OFF = "does not require grad"


@contextmanager
def differentiable(objective: Objective) -> Iterator[None]:
    """Turn what autograd says of an operation without a second derivative into a sentence that names it.

    Args:
        objective: The loss that is differentiated.

    Yields:
        Nothing.

    Raises:
        DltuiError: If something in the body can't be differentiated.
    """
    try:
        yield
    except (RuntimeError, NotImplementedError) as error:
        reason = _reason(objective, str(error))
        if reason is None:
            raise
        raise DltuiError(f"{objective.title}: {reason}") from error


def _reason(objective: Objective, message: str) -> str | None:
    """Return what is wrong and what to do about it, or None for another kind of error."""
    found = MISSING.search(message)
    if found or ONCE in message:
        name = found.group(1) if found else ", ".join(_own_functions(objective)) or "a function of its own"
        return (
            f"{name} has no second derivative in torch (no double backward); expected operations that can be "
            "differentiated twice; replace it, or try --matrix empirical-fisher, or `dltui gradients`"
        )
    return DETACHED if TURNED_OFF in message else None


def unbroken(gradients: Iterable[Tensor]) -> None:
    """Refuse gradients through a function that can be differentiated once only.

    autograd raises for such a function only where something is asked of it; a product with the Hessian would come
    out without its part.

    Args:
        gradients: Tensors with a graph of their own.

    Raises:
        RuntimeError: If one of them depends on such a function, as autograd would have raised it.
    """
    if any(node.name() == "torch::autograd::Error" for node in _nodes(gradients)):
        raise RuntimeError(f"a function is marked with {ONCE}")


def _own_functions(objective: Objective) -> list[str]:
    """Return the user's autograd functions on the way from the parameters to the loss."""
    x, y, _ = objective.blocks[0]
    loss = objective.loss(objective.twin(), x[:2], y[:2])
    kinds = [type(node) for node in _nodes([loss])]
    return sorted({
        kind.__name__.removesuffix("Backward") for kind in kinds if BackwardCFunction in kind.__mro__
    })


def _nodes(ends: Iterable[Tensor]) -> Iterator[Any]:
    """Yield every node of the graph behind some tensors once."""
    todo: list[Any] = [tensor.grad_fn for tensor in ends]
    seen = set[Any]()
    while todo:
        node = todo.pop()
        if node is not None and node not in seen:
            seen.add(node)
            todo += [before for before, _ in node.next_functions]
            yield node
