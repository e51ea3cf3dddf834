"""Asking torch what came out of an operation that was worked by hand, and how far the two are apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from dltui.byhand.names import OPERATIONS
from dltui.byhand.operation import Operation

if TYPE_CHECKING:
    import torch

    from dltui.byhand.worked import Worked

Body = Callable[..., Any]
WITNESSES: dict[str, Body] = {}


@dataclass(frozen=True)
class Answer:
    """What torch says.

    Attributes:
        version: Of torch.
        outputs: Values by name, as nested lists; None for what torch does not return.
        gradients: ∂L/∂input by parameter; empty when they were not asked for.
        difference: Largest difference of a value from that by hand.
        gradient_difference: Largest difference of a gradient; None when they were not asked for.
    """

    version: str
    outputs: dict[str, Any]
    gradients: dict[str, Any]
    difference: float
    gradient_difference: float | None


def witness(name: str) -> Callable[[Body], Body]:
    """Return the decorator for a function that lets torch do what the operation ``name`` does.

    Args:
        name: The operation; the function takes its tensors and settings by name and returns its outputs.

    Returns:
        A decorator.
    """

    def decorate(body: Body) -> Body:
        WITNESSES[name] = body
        return body

    return decorate


def torch_answer(worked: Worked, *, backward: bool = False) -> Answer:
    """Return torch's answer in float64.

    Args:
        worked: What was worked by hand.
        backward: Ask for the gradients, too.

    Returns:
        Values, gradients, and the largest differences from those by hand.
    """
    import torch

    given = {
        name: _tensor(tensor.numbers(), worked.operation.tensors[name], grad=backward)
        for name, tensor in worked.inputs.items()
    }
    found = _body(worked.operation)(
        **{name: given.get(name) for name in worked.operation.tensors}, **worked.settings
    )
    results = found if isinstance(found, tuple) else (found,)
    outputs = {
        one.name: result.reshape(one.shape).detach().double().tolist()
        for one, result in zip(worked.outputs, results, strict=True)
    }
    gap = max(_gap(one.cells, outputs[one.name]) for one in worked.outputs)
    gradients: dict[str, Any] = {}
    apart: float | None = None
    if backward:
        gradients = _gradients(worked, given, results)
        apart = max(
            (_gap(worked.gradients.of[name].cells, gradients[name]) for name in gradients), default=0.0
        )
    return Answer(torch.__version__.partition("+")[0], outputs, gradients, gap, apart)


def says(operation: Operation, given: Mapping[str, Any], **settings: Any) -> str:
    """Return the error with which torch refuses inputs.

    Args:
        operation: The operation.
        given: Tensors by parameter, as nested lists or as tensors of torch.
        settings: Its settings.

    Returns:
        The text of the error; empty when torch takes the inputs.
    """
    import torch

    tensors = {
        name: one if isinstance(one, torch.Tensor) or one is None else _tensor(one, operation.tensors[name])
        for name, one in given.items()
    }
    try:
        _body(operation)(
            **{name: tensors.get(name) for name in operation.tensors}, **operation.defaults | settings
        )
    except (RuntimeError, ValueError, TypeError, IndexError, AssertionError) as error:
        return str(error)
    return ""


def _body(operation: Operation) -> Body:
    """Return the function that lets torch do it."""
    shelf = OPERATIONS[operation.name].family
    import_module(f"dltui.instruments.byhand.{shelf}")
    return WITNESSES[operation.name]


def _tensor(numbers: Any, kind: str, *, grad: bool = False) -> torch.Tensor:
    """Return numbers as torch wants them."""
    import torch

    if kind == "Indices":
        return torch.tensor(numbers).long()
    if kind == "Mask":
        return torch.tensor(numbers).bool()
    return torch.tensor(numbers, dtype=torch.float64, requires_grad=grad and kind == "Tensor")


def _gradients(
    worked: Worked, given: Mapping[str, torch.Tensor], results: tuple[torch.Tensor, ...]
) -> dict[str, Any]:
    """Return torch's gradients of L = Σ ∂y·y."""
    import torch

    upstream = worked.upstream
    loss = sum(
        (result.reshape(-1) * torch.tensor(upstream[one.name], dtype=torch.float64)).sum()
        for one, result in zip(worked.outputs, results, strict=True)
    )
    wanted = [name for name, one in given.items() if one.requires_grad]
    assert isinstance(loss, torch.Tensor)
    if not loss.requires_grad:
        return {name: torch.zeros_like(given[name]).tolist() for name in wanted}
    found = torch.autograd.grad(loss, [given[name] for name in wanted], allow_unused=True)
    return {
        name: (torch.zeros_like(given[name]) if one is None else one).tolist()
        for name, one in zip(wanted, found, strict=True)
    }


def _gap(cells: list[Any], other: Any) -> float:
    """Return the largest difference of cells from nested lists; equal infinities and nan count as equal."""
    gaps = [
        0.0 if repr(cell.value) == repr(number) else abs(cell.value - number)
        for cell, number in zip(cells, _flat(other), strict=True)
    ]
    return max((gap if gap == gap else float("inf") for gap in gaps), default=0.0)


def _flat(value: Any) -> list[float]:
    """Return nested lists as one."""
    return [number for part in value for number in _flat(part)] if isinstance(value, list) else [value]
