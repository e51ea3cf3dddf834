"""Error messages of losses: what torch says, why, and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from dltui.figures import number
from dltui.lab import Choice, Frame, exhibit, near
from dltui.lab.written import written

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Case:
    """A call that torch refuses.

    Attributes:
        loss: Function of torch.nn.functional.
        says: A part of the message of torch 2.13, by which the case is known.
        cause: What is wrong.
        rule: What the loss wants.
        fix: What to write.
        wrong: Returns the inputs that are refused.
        right: Returns those inputs, mended.
    """

    loss: str
    says: str
    cause: str
    rule: str
    fix: str
    wrong: Callable[[], tuple[Tensor, Tensor]]
    right: Callable[[], tuple[Tensor, Tensor]]


def _numbers(*shape: int, kind: str = "float32") -> Any:
    """Return numbers between 0.1 and 0.9."""
    import torch

    count = 1
    for size in shape:
        count *= size
    return torch.linspace(0.1, 0.9, count).reshape(shape).to(getattr(torch, kind))


def _classes(*numbers: float, kind: str = "int64") -> Any:
    """Return targets."""
    import torch

    return torch.tensor(numbers, dtype=getattr(torch, kind))


def _one_hot(kind: str = "int64") -> Any:
    """Return the (3, 4) one-hot rows of classes 0, 1 and 3."""
    import torch

    return torch.eye(4)[[0, 1, 3]].to(getattr(torch, kind))


TYPES = r"\b(Double|Float|Half|BFloat16|Long|Int|Short|Char|Byte)\b"
BINARY = "probabilities or logits and targets of one shape and one floating-point type"
INDEX = "logits (N, C) in floating point; targets (N) of type Long, from 0 to C − 1, or (N, C) floats as probabilities"
CASES = {
    "one-hot": Case(
        "cross_entropy", "Expected floating point type for target with class probabilities, got Long",
        "the target has the shape of the logits, so it is taken for probabilities, but it holds whole numbers",
        INDEX, "target.argmax(1), or target.float() if they are meant as probabilities",
        lambda: (_numbers(3, 4), _one_hot()), lambda: (_numbers(3, 4), _one_hot().argmax(1)),
    ),
    "int32-classes": Case(
        "cross_entropy", "expected target dtype to be Long or Byte, but got Int",
        "the numbers of the classes are 32-bit integers", INDEX, "target.long()",
        lambda: (_numbers(3, 4), _classes(0, 1, 3, kind="int32")), lambda: (_numbers(3, 4), _classes(0, 1, 3)),
    ),
    "float-classes": Case(
        "cross_entropy", "expected target dtype to be Long or Byte, but got Float",
        "the numbers of the classes are floats", INDEX, "target.long()",
        lambda: (_numbers(3, 4), _classes(0, 1, 3, kind="float32")), lambda: (_numbers(3, 4), _classes(0, 1, 3)),
    ),
    "out-of-bounds": Case(
        "cross_entropy", "Target 4 is out of bounds.",
        "a target is not below the number of logits; classes counted from 1 do that", INDEX,
        "target − 1, or a last layer with more outputs",
        lambda: (_numbers(3, 4), _classes(1, 2, 4)), lambda: (_numbers(3, 4), _classes(0, 1, 3)),
    ),
    "integer-logits": Case(
        "cross_entropy", "\"log_softmax_lastdim_kernel_impl\" not implemented for 'Int'",
        "the logits are whole numbers, which have no gradient", INDEX, "logits.float()",
        lambda: (_classes(2, 1, 0, kind="int32"), _classes(1)[0]),
        lambda: (_classes(2, 1, 0, kind="int32").float(), _classes(1)[0]),
    ),
    "batch-size": Case(
        "cross_entropy", "Expected input batch_size (3) to match target batch_size (2).",
        "there are three rows of logits and two targets", INDEX, "as many targets as rows",
        lambda: (_numbers(3, 4), _classes(0, 1)), lambda: (_numbers(3, 4), _classes(0, 1, 3)),
    ),
    "long-target": Case(
        "binary_cross_entropy_with_logits", "result type Float can't be cast to the desired output type Long",
        "the targets are whole numbers", BINARY, "target.float()",
        lambda: (_numbers(3, 4), _one_hot()), lambda: (_numbers(3, 4), _one_hot("float32")),
    ),
    "target-size": Case(
        "binary_cross_entropy_with_logits", "Target size (torch.Size([3])) must be the same as input size",
        "logits are (3, 1), targets (3): nothing is stretched here", BINARY,
        "target.unsqueeze(1), or logits.squeeze(1)",
        lambda: (_numbers(3, 1), _numbers(3)), lambda: (_numbers(3, 1), _numbers(3, 1)),
    ),
    "bce-dtype": Case(
        "binary_cross_entropy", "Found dtype Double but expected Float",
        "probabilities are float32, targets float64; it takes both in either, but not mixed", BINARY,
        "target.to(probabilities.dtype)",
        lambda: (_numbers(3), _numbers(3, kind="float64")), lambda: (_numbers(3), _numbers(3)),
    ),
    "not-a-probability": Case(
        "binary_cross_entropy", "all elements of input should be between 0 and 1",
        "logits are given where probabilities are wanted", BINARY,
        "binary_cross_entropy_with_logits(logits, target), or logits.sigmoid() first",
        lambda: (4 * _numbers(3), _numbers(3)), lambda: ((4 * _numbers(3)).sigmoid(), _numbers(3)),
    ),
    "mse-integers": Case(
        "mse_loss", "not implemented for 'Long'",
        "both are whole numbers, which have no gradient", "floating-point numbers of one shape", ".float() of both",
        lambda: (_classes(1, 2), _classes(2, 2)), lambda: (_classes(1, 2).float(), _classes(2, 2).float()),
    ),
}  # fmt: skip


@exhibit(
    "loss-errors",
    family="byhand",
    covers=("003:loss-dtypes", "003:ce-target-error"),
    kin={
        "dltui lab run cross-entropy": "the loss itself",
        "dltui lab run binary-cross-entropy": "yes and no, with and without logits",
        'dltui byhand crossentropyloss --target "[0,5,1]"': "the same, told before torch is asked",
    },
)
def loss_errors(
    error: Annotated[str, Choice(*CASES, help="which mistake is made")] = "one-hot",
) -> Iterator[Frame]:
    """A loss called wrongly, now: the words of torch, the cause, the rule, the mended call.

    Try: --error out-of-bounds; --error not-a-probability.
    Notice: the shape of the target decides what cross-entropy takes it for: (N) classes, (N, C) probabilities.

    Some notes say that float16 logits are refused and that binary cross-entropy wants float64: neither is so. Logits
    may be of any floating-point type, and binary cross-entropy wants one type for both and values from 0 to 1.
    """
    import torch

    case = CASES[error]
    given, said = ask(case)
    value = mended(case)
    yield Frame(
        figures=(
            written(
                ("given", given),
                ("torch says", said),
                ("cause", case.cause),
                ("rule", case.rule),
                ("write", case.fix),
                ("then it is", number(value)),
                title=f"{case.loss} of torch {torch.__version__.partition('+')[0]}",
            ),
            written(
                *((f"--error {name}", f"{one.loss}: {one.says}") for name, one in CASES.items()),
                title="All of them",
            ),
        ),
        numbers={"message": said, "mended": value, "known": said_of(said)},
        caption=f"{error}, in {case.loss}",
        total=1,
    )


def ask(case: Case) -> tuple[str, str]:
    """Return types and shapes of the wrong inputs, and what torch says to them."""
    from torch.nn import functional

    x, target = case.wrong()
    given = ", ".join(
        f"{name} {tuple(one.shape)} {str(one.dtype).removeprefix('torch.')}"
        for name, one in (("input", x), ("target", target))
    )
    try:
        getattr(functional, case.loss)(x, target)
    except (RuntimeError, ValueError, IndexError) as error:
        return given, str(error)
    return given, ""


def mended(case: Case) -> float:
    """Return the loss of the mended inputs."""
    from torch.nn import functional

    return float(getattr(functional, case.loss)(*case.right()))


def said_of(message: str) -> str:
    """Return which case a message belongs to.

    Args:
        message: As torch prints it, with or without what stands around it.

    Returns:
        The name of the longest text that the message holds, be its types others; empty for none.
    """
    for types in (r"(?!)", TYPES):  # word for word; else with any types
        told = re.sub(types, "?", message)
        texts = {name: re.sub(types, "?", case.says) for name, case in CASES.items()}
        held = [name for name, text in texts.items() if text in told]
        if held:
            return max(held, key=lambda name: len(texts[name]))
    return ""


@loss_errors.check
def torch_says_so() -> None:
    """Each message is raised by the installed torch, and each mended call gives a finite loss."""
    for name, case in CASES.items():
        last = loss_errors.last(error=name)
        said = str(last.numbers["message"])
        assert case.says in said, f"{name}: torch says {said!r}"
        assert last.numbers["known"] == name, f"{name}: taken for {last.numbers['known']}"
        near(f"{name}, mended twice", last.numbers["mended"], mended(case))


@loss_errors.check
def long_rows_of_probabilities() -> None:
    """A (3, 4) Long target brings the message of W22 (notes 003) word for word."""
    last = loss_errors.last()
    known = "Expected floating point type for target with class probabilities, got Long"
    assert last.numbers["message"] == known, f"torch says {last.numbers['message']!r}"


@loss_errors.check
def what_notes_say_wrongly() -> None:
    """Float16 logits work, and binary cross-entropy takes float32 and float64 (notes 003, E6 and E7)."""
    from torch.nn import functional

    half = functional.cross_entropy(_numbers(3, 4, kind="float16"), _classes(0, 1, 3))
    near("float16", float(half), float(functional.cross_entropy(_numbers(3, 4), _classes(0, 1, 3))), 2e-3)
    both = [
        float(functional.binary_cross_entropy(_numbers(3, kind=k), _numbers(3, kind=k)))
        for k in ("float32", "float64")
    ]
    near("float32, float64", both[0], both[1], 1e-6)
