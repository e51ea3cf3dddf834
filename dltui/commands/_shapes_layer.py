"""The commands ``dltui shapes LAYER``: options read off the layer's signature, the answer as text and JSON."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.main

from dltui.commands._frame import Common, verb, verb_app
from dltui.errors import UsageError, unknown
from dltui.shapes.layer import Layer
from dltui.shapes.layers import layer_named
from dltui.shapes.report import BYTES, CONVENTIONS, ShapeReport, show
from dltui.shapes.symbol import Scope
from dltui.shapes.values import read_shape, read_value

if TYPE_CHECKING:
    from dltui.results import Result

LETTERS = {
    "kernel_size": "-k",
    "stride": "-s",
    "padding": "-p",
    "dilation": "-d",
    "groups": "-g",
    "out_channels": "-o",
    "out_features": "-o",
    "hidden_size": "-o",
}


class ShapeAnswer:
    """A shape report on its way to the user; numpy is imported only to save or draw it."""

    def __init__(self, report: ShapeReport, flops: str, dtype: str) -> None:
        self.report, self.flops, self.dtype = report, flops, dtype

    def document(self) -> dict[str, Any]:
        """Return the JSON document."""
        return self.report.document(self.flops, self.dtype)

    def lines(self, width: int) -> list[str]:
        """Return layer, shapes, cost and formulas; long lines wrap at ``width``."""
        from textwrap import wrap

        told = [
            line
            for name, value in self._facts()
            for line in wrap(f"{name:<15} {value}", width, subsequent_indent=" " * 16)
        ]
        worked = [
            line
            for formula in self.report.formulas
            for line in wrap(formula, width, subsequent_indent="    ")
        ]
        return [*wrap(self.report.layer, width), *told, *([""] if worked else []), *worked]

    def result(self) -> Result:
        """Return the same as figures: a table of the facts and the formulas as steps."""
        from dltui.figures import Step, Steps, Table
        from dltui.results.gallery import Gallery

        facts = Table(title=self.report.layer, columns=("what", "value"), rows=tuple(self._facts()))
        steps = Steps(title="Worked out", steps=tuple(Step(formula=line) for line in self.report.formulas))
        return Gallery(title=self.report.layer, shown=(facts, steps), numbers=self.document())

    def _facts(self) -> list[tuple[str, str]]:
        """Return names and values of what is told of a layer."""
        report = self.report
        size = report.bytes(self.dtype)
        facts = [
            ("input", "  and  ".join(map(show, report.inputs))),
            ("output", "  and  ".join(map(show, report.outputs))),
            ("parameters", f"{report.parameters:,}{_listed(report.tensors)}"),
        ]
        if report.buffers:
            facts.append(("buffers", _listed(report.buffers).strip()))
        facts += [
            ("MACs", f"{report.macs:,}"),
            ("FLOPs", f"{report.operations(self.flops):,}  ({CONVENTIONS[self.flops]})"),
            (self.dtype, _bytes(size["output"], size["parameters"])),
        ]
        field = report.field()
        if field is not None:
            told = (
                f"size {_row(field['size'])}, jump {_row(field['jump'])}, first centre {_row(field['start'])}"
            )
            facts.append(("receptive field", told))
        if report.assumes:
            facts.append(("holds for", ", ".join(report.assumes)))
        return facts


def _bytes(output: int, weights: int) -> str:
    """Return the memory of outputs and weights, and of their gradients."""
    told = f"output {output:,} B, its gradient as much"
    return f"{told}; weights {weights:,} B, their gradients as much" if weights else told


def _row(values: list[Any]) -> str:
    """Return values an axis, once where they are equal."""
    texts = [f"{value:g}" if isinstance(value, float) else str(value) for value in values]
    return texts[0] if len(set(texts)) == 1 else " × ".join(texts)


def _listed(tensors: dict[str, tuple[int, ...]]) -> str:
    """Return tensors with their shapes; many are cut off."""
    parts = [f"{name} {show(shape) if shape else '1'}" for name, shape in tensors.items()]
    tail = [f"{len(parts) - 6} more"] if len(parts) > 6 else []
    return f"  ({' + '.join([*parts[:6], *tail])})" if parts else ""


def answer(
    layer: Layer[Any], inputs: Sequence[str | None], settings: dict[str, Any], flops: str, dtype: str
) -> ShapeAnswer:
    """Return what a layer does to shapes that are still text.

    Args:
        layer: The layer.
        inputs: Shapes in the order of its inputs.
        settings: Its arguments.
        flops: How FLOPs are counted.
        dtype: Type of weights and activations.

    Returns:
        The answer, to be shown.

    Raises:
        UsageError: If PyTorch would refuse it, or a word is unknown.
    """
    check_words(flops, dtype)
    scope = Scope()
    return ShapeAnswer(
        layer(*(text and read_shape(text, scope) for text in inputs), **settings), flops, dtype
    )


def check_words(flops: str, dtype: str) -> None:
    """Refuse a convention or a type that is unknown.

    Args:
        flops: The convention.
        dtype: The type.

    Raises:
        UsageError: If there is none of that name.
    """
    if flops not in CONVENTIONS:
        raise unknown("way of counting FLOPs", flops, CONVENTIONS)
    if dtype not in BYTES:
        raise unknown("dtype", dtype, BYTES)


def layer_command(name: str) -> Any:
    """Return the command of one layer.

    Args:
        name: Class of PyTorch, case ignored.

    Returns:
        A command with one option an argument, and the common options.

    Raises:
        ShapeError: If there is no such layer.
    """
    layer = layer_named(name)
    first = layer.inputs[0] if layer.inputs else "input"
    others = layer.inputs[1:]

    def run_layer(
        input_shape: str,
        flops: str,
        dtype: str,
        *,
        common: Common,  # noqa: ARG001
        **values: Any,
    ) -> ShapeAnswer:
        first = input_shape.split(";")
        if len(first) > 1 and not layer.many:
            first, rest = first[:1], first[1:]
            given = dict(zip(others, rest, strict=False))
            if len(rest) > len(others):
                raise UsageError(f"{layer.name} takes {len(layer.inputs)} shapes, not {len(rest) + 1}")
            values |= {f"{other}_shape": text for other, text in given.items()}
        texts = [*first, *(values.pop(f"{other}_shape") for other in others)]
        settings = {
            key: read_value(layer, key, text) if isinstance(text, str) else text
            for key, text in values.items()
            if text is not None
        }
        return answer(layer, texts, settings, flops, dtype)

    story, told = _documented(layer)
    keyword = inspect.Parameter.KEYWORD_ONLY
    named = ["--input", "-i", *([f"--{_dashed(first)}"] if first != "input" else [])]
    again = "; again, or parted by ;, for several" if layer.many or others else ""
    parameters = [
        inspect.Parameter(
            "input_shape",
            keyword,
            annotation=Annotated[
                str, typer.Option(*named, metavar="SHAPE", help=f"Shape that goes in{again}.")
            ],
        ),
        *(
            inspect.Parameter(f"{other}_shape", keyword, default=None, annotation=_input(other))
            for other in others
        ),
        *(_parameter(layer, key, told.get(key, "")) for key in layer.options),
        inspect.Parameter(
            "flops",
            keyword,
            default="bias",
            annotation=_text("--flops", "mac|matmul|bias|all", "How FLOPs are counted."),
        ),
        inspect.Parameter(
            "dtype",
            keyword,
            default="float32",
            annotation=_text("--dtype", "TYPE", "Type of weights and activations."),
        ),
        inspect.Parameter("common", keyword, annotation=Common),
    ]
    run_layer.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run_layer.__doc__ = story
    app = verb_app()
    verb(app, layer.name)(run_layer)
    command = typer.main.get_command(app)
    command.name = name
    return command


def _documented(layer: Layer[Any]) -> tuple[str, dict[str, str]]:
    """Return the help of a layer and the line of help of each argument, from its docstring."""
    story, _, rest = inspect.cleandoc(layer.__doc__ or "").partition("\nArgs:\n")
    lines = (line.strip().partition(": ") for line in rest.partition("\n\n")[0].splitlines())
    return story.strip().replace("Return ", "Tell ", 1), {key: text for key, colon, text in lines if colon}


def _dashed(name: str) -> str:
    """Return an argument as an option is spelled."""
    return name.replace("_", "-")


def _text(option: str, metavar: str, told: str) -> Any:
    """Return the annotation of an option that is text."""
    return Annotated[str, typer.Option(option, metavar=metavar, help=told)]


def _input(name: str) -> Any:
    """Return the annotation of a further input."""
    return Annotated[
        str | None, typer.Option(f"--{_dashed(name)}", metavar="SHAPE", help=f"Shape of {name}.")
    ]


def _parameter(layer: Layer[Any], key: str, told: str) -> inspect.Parameter:
    """Return the option of one argument; values stay text here, the layer's types read them."""
    kind, default = layer.options[key], layer.defaults.get(key, inspect.Parameter.empty)
    if kind in {"bool", "bool | None"}:
        option = typer.Option(f"--{_dashed(key)}/--no-{_dashed(key)}", help=told)
        return inspect.Parameter(
            key, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[bool | None, option]
        )
    names = [f"--{_dashed(key)}", *([LETTERS[key]] if key in LETTERS else [])]
    if default not in {inspect.Parameter.empty, None}:
        told = f"{told} [default: {default}]"
    option = typer.Option(*names, metavar=_metavar(kind), help=told, show_default=False)
    if default is inspect.Parameter.empty:
        return inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[str, option])
    return inspect.Parameter(
        key, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[str | None, option]
    )


def _metavar(kind: str) -> str:
    """Return what stands for the value in the help."""
    if kind.startswith("Ints") or "Sequence" in kind or "Scales" in kind:
        return "N|N,N"
    return (
        "SHAPE" if kind.startswith("Shape") else "WORD" if kind == "str" else "X" if "float" in kind else "N"
    )
