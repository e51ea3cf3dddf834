"""What is told of one layer: outputs, parameters, cost, receptive field, and the formulas with numbers put in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import takewhile
from typing import Any, Literal

from dltui.errors import UsageError
from dltui.shapes.symbol import Symbol, product

Shape = tuple[int, ...]
Window = tuple[int, int, int]  # reach, stride, padding on the left, along one axis
Convention = Literal["mac", "matmul", "bias", "all"]

CONVENTIONS = {
    "mac": "1 a multiply-accumulate",
    "matmul": "2 a multiply-accumulate",
    "bias": "2 a MAC, 1 a bias",
    "all": "2 a MAC, 1 a bias, and those of element-wise work",
}
BYTES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "float8": 1, "int8": 1}


class ShapeError(UsageError):
    """A layer that PyTorch would refuse, with the reason and the way out.

    Attributes:
        argument: The argument at fault, by PyTorch's name; ``input`` for the shape that goes in.
    """

    def __init__(self, sentence: str, argument: str = "input") -> None:
        super().__init__(sentence)
        self.argument = argument


def nothing() -> tuple[str, ...]:
    """Return no formulas."""
    return ()


class ShapeReport:
    """One layer applied to its inputs.

    Attributes:
        inputs: Shapes that go in.
        outputs: Shapes that come out, in the order in which PyTorch returns them.
        tensors: Parameters by name with their shapes, as ``state_dict`` names them.
        buffers: Numbers that are kept but not learned, likewise.
        macs: Multiply-accumulate operations of the matrix products in one forward pass, biases not counted.
        bias_adds: Additions of biases.
        pointwise: Operations of element-wise work, pooling and normalisation, roughly: one a number and step.
        window: Reach, stride and left padding along each spatial axis; empty when every output looks at its own
            place only, None when an output looks at everything or places have no meaning.
        keeps: Which whole tensors the backward pass needs: ``i`` the input, ``o`` the output.
        extra: Bytes beyond them that the backward pass needs, such as masks and indices, as (numbers, bytes each);
            0 bytes stands for the type of the activations.
        view: Whether the output is the input's memory seen otherwise.
        why: Returns the lines of the computation.
        name: Class or function of PyTorch.
        settings: The arguments as they were given.
        defaults: What arguments are when they are not given.
        leading: The first arguments, which are spelled without their names.
        told: Arguments that were read off the input.
    """

    __slots__ = (
        "bias_adds",
        "buffers",
        "defaults",
        "extra",
        "inputs",
        "keeps",
        "leading",
        "macs",
        "name",
        "outputs",
        "pointwise",
        "settings",
        "tensors",
        "told",
        "view",
        "why",
        "window",
    )

    # Written out, because a dataclass of so many fields costs a start-up more than the whole calculation.
    def __init__(
        self,
        inputs: tuple[Shape, ...],
        outputs: tuple[Shape, ...],
        tensors: dict[str, Shape] | None = None,
        buffers: dict[str, Shape] | None = None,
        macs: int = 0,
        bias_adds: int = 0,
        pointwise: int = 0,
        window: tuple[Window, ...] | None = None,
        keeps: str = "",
        extra: tuple[tuple[int, int], ...] = (),
        view: bool = False,
        why: Callable[[], Iterable[str]] = nothing,
        told: dict[str, Any] | None = None,
    ) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self.tensors: dict[str, Shape] = {} if tensors is None else tensors
        self.buffers: dict[str, Shape] = {} if buffers is None else buffers
        self.macs = macs
        self.bias_adds = bias_adds
        self.pointwise = pointwise
        self.window = window
        self.keeps = keeps
        self.extra = extra
        self.view = view
        self.why = why
        self.told: dict[str, Any] = {} if told is None else told
        self.name = ""
        self.settings: dict[str, Any] = {}
        self.defaults: dict[str, Any] = {}
        self.leading: tuple[str, ...] = ()

    @property
    def input(self) -> Shape:
        """The first shape that goes in."""
        return self.inputs[0]

    @property
    def output(self) -> Shape:
        """The first shape that comes out."""
        return self.outputs[0]

    @property
    def parameters(self) -> int:
        """Numbers that are learned."""
        return sum(map(product, self.tensors.values()))

    @property
    def formulas(self) -> tuple[str, ...]:
        """Lines of the computation, with the numbers put in."""
        return tuple(self.why())

    @property
    def layer(self) -> str:
        """The layer as PyTorch spells it, with what was read off the input."""
        given = {key: value for key, value in self.settings.items() if self.defaults.get(key, self) != value}
        return spell(self.name, self.told | given, self.leading)

    @property
    def flops(self) -> int:
        """Floating-point operations: two for each multiply-accumulate, one for each bias added."""
        return self.operations("bias")

    def operations(self, convention: str = "bias") -> int:
        """Return floating-point operations as a convention counts them.

        Args:
            convention: ``mac``, ``matmul``, ``bias`` or ``all``, see ``CONVENTIONS``.

        Returns:
            Operations of one forward pass.
        """
        counts = {
            "mac": self.macs,
            "matmul": 2 * self.macs,
            "bias": 2 * self.macs + self.bias_adds,
            "all": 2 * self.macs + self.bias_adds + self.pointwise,
        }
        return counts[convention]

    @property
    def numbers_out(self) -> int:
        """Numbers in all outputs together."""
        return sum(map(product, self.outputs))

    def bytes(self, dtype: str = "float32") -> dict[str, int]:
        """Return the memory of this layer alone.

        Args:
            dtype: One of ``BYTES``.

        Returns:
            Bytes of the outputs, the parameters, their gradients, and of the gradient of the outputs.
        """
        size = BYTES[dtype]
        out, weights = size * self.numbers_out, size * self.parameters
        return {"output": out, "output_gradient": out, "parameters": weights, "gradients": weights}

    def field(self) -> dict[str, list[Any]] | None:
        """Return receptive field, jump and centre of the first output along each axis, or None without places.

        The centre of the first window lies at (reach − 1) / 2 − padding, counted from the first place of the input
        (Araujo, Norris and Sim 2019, distill.pub 10.23915/distill.00021).
        """
        if self.window is None:
            return None
        windows = self.window or ((1, 1, 0),)
        return {
            "size": [reach for reach, _, _ in windows],
            "jump": [stride for _, stride, _ in windows],
            "start": [(reach - 1) / 2 - left for reach, _, left in windows],
        }

    def document(self, convention: str = "bias", dtype: str = "float32") -> dict[str, Any]:
        """Return the JSON document.

        Args:
            convention: How FLOPs are counted, see ``CONVENTIONS``.
            dtype: Type of weights and activations, for the bytes.

        Returns:
            Plain lists, numbers and text; sizes that depend on symbols are text.
        """
        size = self.bytes(dtype)
        document: dict[str, Any] = plain({
            "schema": "shape/1",
            "layer": self.layer,
            "input": self.input,
            "inputs": self.inputs,
            "output": self.output,
            "outputs": self.outputs,
            "parameters": self.parameters,
            "tensors": self.tensors,
            "buffers": self.buffers,
            "macs": self.macs,
            "flops": self.operations(convention),
            "convention": CONVENTIONS[convention],
            "dtype": dtype,
            "output_bytes": size["output"],
            "output_gradient_bytes": size["output_gradient"],
            "parameter_bytes": size["parameters"],
            "gradient_bytes": size["gradients"],
            "receptive_field": self.field(),
            "assumes": self.assumes,
            "formulas": self.formulas,
        })
        return document

    @property
    def assumes(self) -> list[str]:
        """What must hold of the symbols, in words."""
        scopes = {id(n.scope): n.scope for shape in self.inputs for n in shape if isinstance(n, Symbol)}
        return [line for scope in scopes.values() for line in scope.conditions()]


def plain(value: Any) -> Any:
    """Return ``value`` as JSON can say it: tuples as lists, symbols as text."""
    if isinstance(value, Symbol):
        return str(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def show(shape: Shape) -> str:
    """Return a shape as a person writes it."""
    return " × ".join(str(n) for n in shape) if shape else "one number"


def tight(shape: Shape) -> str:
    """Return a shape for a narrow column: ``1×3×8×8``, with commas where letters stand in it."""
    return ("," if any(isinstance(n, Symbol) for n in shape) else "×").join(map(str, shape)) or "1"


def spell(name: str, settings: dict[str, Any], leading: tuple[str, ...] = ()) -> str:
    """Return a layer as PyTorch spells it.

    Args:
        name: Class of PyTorch.
        settings: Arguments by name.
        leading: The first arguments of the class that are spelled by their place alone.

    Returns:
        Such as ``Conv2d(3, 64, kernel_size=7)``.
    """
    first = list(takewhile(settings.__contains__, leading))
    parts = [_literal(settings[key]) for key in first]
    parts += [f"{key}={_literal(value)}" for key, value in settings.items() if key not in first]
    return f"{name}({', '.join(parts)})"


def _literal(value: Any) -> str:
    """Return a value as Python spells it; equal numbers in a row as one."""
    if isinstance(value, list | tuple):
        return f"({', '.join(map(_literal, value))}{',' if len(value) == 1 else ''})"
    return str(value) if isinstance(value, Symbol) else repr(value)
