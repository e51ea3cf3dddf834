"""A model as a tree of shapes, parameters, costs and memory, without touching it and mostly without running it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from dltui.checkpoints.first_layer import guesses, starts_with_tokens, usual_dtype
from dltui.errors import DltuiError, UsageError, unknown
from dltui.instruments import memory
from dltui.instruments.summary.inputs import Dtypes, Inputs, from_data, from_sizes
from dltui.instruments.summary.passes import META, Passed, reason, run
from dltui.instruments.summary.skeleton import Skeleton, skeleton
from dltui.instruments.summary.tree import rows_of
from dltui.objective.undisturbed import same_randomness
from dltui.results import Made
from dltui.results.summary import Summary
from dltui.results.summary_page import COLUMNS, ROW_SETTINGS, SHOWN, size
from dltui.shapes.report import CONVENTIONS

Source = nn.Module | Callable[[], nn.Module]
MODES = ("train", "eval")


@dataclass(frozen=True)
class _Asked:
    """How a summary is asked for: everything but the model and its inputs."""

    mode: str | None
    device: torch.device | None
    title: str


def summarize(
    model: Source,
    input_size: Any = None,
    *,
    input_data: Any = None,
    dtypes: Dtypes = None,
    mode: str | None = None,
    device: str | torch.device | None = None,
    depth: int = 3,
    col_names: Sequence[str] | None = None,
    row_settings: Sequence[str] | None = None,
    flops: str = "bias",
    title: str = "",
    **kwargs: Any,
) -> Summary:
    """Return shapes, parameters, MACs, memory and receptive field of every module of a model.

    The model runs as a copy without numbers on torch's meta device, so that neither its size nor that of the inputs
    matters. One that can't (because it looks at its numbers, say) runs as a copy on ``device``, and the summary says
    so. The model itself is only read: its device, mode, weights, buffers, gradients and hooks stay as they are, and so
    do the random generators.

    Args:
        model: Any module; or a function without arguments that builds it, which is called on the meta device, so that
            its weights need no memory.
        input_size: Shape of the input with its batch, such as (1, 3, 224, 224); a list of shapes for several inputs,
            a dictionary for inputs by name. When neither this nor ``input_data`` is given, it is guessed from the
            first layer, and the summary says so.
        input_data: The inputs themselves, or anything like them: a tensor, a list of arguments, a dictionary by name.
        dtypes: Types of the inputs, in the order of ``input_size`` or by name; when left out, whole numbers where the
            model starts with an embedding, else floats like its weights.
        mode: ``train`` or ``eval``; when left out, costs are those of evaluation and memory is that of training.
        device: Where to run instead of meta; when left out, meta, and the model's own device if it can't.
        depth: Levels of the tree that are shown.
        col_names: Columns that are shown, see ``dltui.results.summary_page.COLUMNS``.
        row_settings: How rows are shown: ``var_names``, ``depth``, ``hide_recursive_layers``.
        flops: How FLOPs are counted: ``mac``, ``matmul``, ``bias`` or ``all``.
        title: What to call the model; its class when empty.
        **kwargs: Further arguments of the model's ``forward``.

    Returns:
        The summary.

    Raises:
        UsageError: If an option or an input is spelled wrongly, or the model can't take such inputs.
        DltuiError: If the model can't run on meta, and doesn't fit into memory.
    """
    _check(mode, depth, col_names, row_settings, flops)
    asked = _Asked(mode, None if device in {None, "meta"} else torch.device(device or "cpu"), title)
    with torch.inference_mode(False), same_randomness():
        bones, built = _bones(model)
        title = title or type(bones.module).__name__
        inputs, guessed = _inputs(bones.module, input_size, input_data, dtypes, kwargs)
        passed, remarks = (
            _guessed(model, bones, asked) if inputs is None else _passed(model, bones, inputs, asked, title)
        )
    remarks = [*bones.remarks, *built, *guessed, *remarks, *(_hooked(bones) if passed else [])]
    shown = {
        "depth": depth,
        "columns": list(col_names or SHOWN),
        "row_settings": list(row_settings if row_settings is not None else ["var_names"]),
        "convention": flops,
        "counted_as": CONVENTIONS[flops],
        "mode": mode or "eval",
    }
    return _summary(bones.module, passed, remarks, title, shown)


def _check(
    mode: str | None, depth: int, columns: Sequence[str] | None, rows: Sequence[str] | None, flops: str
) -> None:
    """Refuse options that say nothing."""
    if mode is not None and mode not in MODES:
        raise UsageError(f"mode must be train or eval, not {mode!r}")
    if depth < 1:
        raise UsageError(f"depth must be at least 1, not {depth}")
    for kind, words, known in (("column", columns, COLUMNS), ("row setting", rows, ROW_SETTINGS)):
        for word in words or ():
            if word not in known:
                raise unknown(kind, word, known)
    if flops not in CONVENTIONS:
        raise unknown("way to count FLOPs", flops, CONVENTIONS)


def _bones(model: Source) -> tuple[Skeleton, list[str]]:
    """Return the model without its numbers, built without them where it is a function."""
    if isinstance(model, nn.Module):
        return skeleton(model, META), []
    try:
        with META, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the builder has to say, it says when it is called for real
            return skeleton(_built(model), META), []
    except UsageError:
        raise
    except Exception as error:  # noqa: BLE001 - the user's code may raise anything
        why = reason(error)
    return skeleton(_built(model), META), [f"built on the CPU, for on meta it fails: {why}"]


def _built(build: Callable[[], nn.Module]) -> nn.Module:
    """Return what a function builds."""
    made = build()
    if not isinstance(made, nn.Module):
        raise UsageError(f"the function returned a {type(made).__name__}: expected a torch.nn.Module")
    return made


def _inputs(
    bones: nn.Module, input_size: Any, input_data: Any, dtypes: Dtypes, kwargs: dict[str, Any]
) -> tuple[Inputs | None, list[str]]:
    """Return the inputs that were asked for, or None when they must be guessed, and what must be said of them."""
    if input_size is not None and input_data is not None:
        raise UsageError("input_size and input_data exclude each other: give one")
    if input_data is not None:
        found = from_data(input_data)
        return Inputs(found.args, {**found.kwargs, **kwargs}), []
    if input_size is not None:
        tokens = dtypes is None and starts_with_tokens(bones)
        found = from_sizes(input_size, dtypes, usual_dtype(bones), tokens=tokens)
        said = ["the first input is taken as int64, for the model starts with an embedding"] if tokens else []
        return Inputs(found.args, {**found.kwargs, **kwargs}), said
    return (Inputs(kwargs=kwargs), []) if kwargs else (None, [])


def _guessed(model: Source, bones: Skeleton, asked: _Asked) -> tuple[Passed | None, list[str]]:
    """Run the model on the first shape that its first layer suggests and that works."""
    usual, tokens = usual_dtype(bones.module), starts_with_tokens(bones.module)
    why = "no first layer tells it"
    for shape, layer in guesses(bones.module):
        inputs = from_sizes(shape, None, usual, tokens=tokens)
        said = f"no input was given; {'×'.join(map(str, shape))} is guessed from the first layer, {layer}"
        try:
            # a copy of its own for each try, for a lazy layer takes the first shape for good
            passed, remarks = _passed(model, skeleton(bones.module, META), inputs, asked, "")
        except DltuiError as error:
            why = str(error)
            continue
        return passed, [said, *remarks]
    return None, [
        f"no input was given and none could be guessed ({why}), so only parameters are told: try --input"
    ]


def _passed(
    model: Source, bones: Skeleton, inputs: Inputs, asked: _Asked, title: str
) -> tuple[Passed, list[str]]:
    """Run the model on meta, or where that fails on a device."""
    if asked.device is None:
        try:
            passed = run(bones.module, inputs, META, asked.mode)
        except DltuiError:
            raise
        except Exception as error:  # noqa: BLE001 - the user's code may raise anything
            on_meta = reason(error)
        else:
            return passed, passed.remarks
    else:
        on_meta = ""
    device = asked.device or _home(model)
    real = _real(model, bones, device, on_meta)
    try:
        passed = run(real, inputs, device, asked.mode)
    except DltuiError:
        raise
    except Exception as error:
        raise UsageError(f"{title or 'the model'} can't take {_words(inputs)}: {reason(error)}") from error
    said = f"ran on {device}, for on meta it fails: {on_meta}" if on_meta else f"ran on {device}"
    return passed, [said, *passed.remarks]


def _home(model: Source) -> torch.device:
    """Return the device that a model lies on, the CPU where it lies on none."""
    tensors = (*model.parameters(), *model.buffers()) if isinstance(model, nn.Module) else ()
    found = next((t.device for t in tensors if t.device.type != "meta"), None)
    if found is None and tensors:
        raise UsageError(
            "the model lies on meta and can't run there: give its weights, or a function that builds it"
        )
    return found or torch.device("cpu")


def _real(model: Source, bones: Skeleton, device: torch.device, on_meta: str) -> nn.Module:
    """Return a copy with numbers on a device, unless it would not fit."""
    needed = sum(p.numel() * p.element_size() for p in bones.module.parameters() if not _is_lazy(p))
    if device.type == "cpu" and needed > memory.free():
        why = f"can't run on meta ({on_meta}), and" if on_meta else "can't run:"
        raise DltuiError(
            f"{type(bones.module).__name__} {why} a copy of its weights takes {size(needed)}, more than the "
            f"{size(memory.free())} of memory that are free: try a smaller one of its kind"
        )
    if isinstance(model, nn.Module):
        return skeleton(model, device).module
    return skeleton(_built(model), device).module


def _is_lazy(tensor: Tensor) -> bool:
    """Return whether a parameter has no shape yet."""
    return torch.nn.parameter.is_lazy(tensor)


def _hooked(bones: Skeleton) -> list[str]:
    """Say which hooks did not run."""
    count = bones.hooks
    return [f"{count} hook{'s' if count > 1 else ''} of your own did not run"] if count else []


def _words(inputs: Inputs) -> str:
    """Return the inputs' shapes as a person writes them."""
    from dltui.instruments.summary.values import tensors_in

    shapes = [
        f"{name}={tuple(t.shape)}" if not name.partition(".")[0].isdigit() else str(tuple(t.shape))
        for name, t in tensors_in({**dict(enumerate(inputs.args)), **inputs.kwargs})
    ]
    return f"inputs of shape {', '.join(shapes)}" if shapes else "such inputs"


def _summary(
    bones: nn.Module, passed: Passed | None, remarks: list[str], title: str, shown: dict[str, Any]
) -> Summary:
    """Return what was found as a result."""
    model = bones if passed is None else passed.model
    kept = passed.kept if passed else None
    trace = passed.trace if passed else None
    rows = rows_of(
        model, trace.seen if trace else {}, kept.by_module if kept else {}, trace.read if trace else set()
    )
    trained = sum(
        p.numel() * p.element_size() for p in model.parameters() if p.requires_grad and not _is_lazy(p)
    )
    buffers = sum(b.numel() * b.element_size() for b in model.buffers() if not _is_lazy(b))
    return Summary(
        title=title,
        rows=rows,
        inputs=passed.inputs if passed else [],
        outputs=passed.outputs if passed else [],
        kept_mode=passed.kept_mode if passed else "train",
        device=str(passed.device) if passed else "meta",
        parameter_bytes=rows[0]["parameter_bytes"],
        gradient_bytes=trained,
        buffer_bytes=buffers,
        kept_bytes=kept.total if kept else None,
        plain_kept_bytes=kept.plain_total if kept else None,
        peak_bytes=trace.peak if trace else None,
        uncounted=sorted(trace.uncounted) if trace else [],
        remarks=remarks,
        made=Made(device=str(passed.device) if passed else "meta"),
        **shown,
    )
