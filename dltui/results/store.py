"""Reading saved results back, whichever kind they are."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from importlib import import_module
from pathlib import Path
from typing import Any

from dltui.errors import DltuiError, absent
from dltui.results.base import HEADER, Made, Result

# schema name -> the class that reads it; one line a kind of result
KINDS = {
    "landscape": "dltui.results.landscape:Landscape",
    "connection": "dltui.results.connection:Connection",
    "spectrum": "dltui.results.spectrum:Spectrum",
    "sharpness": "dltui.results.edge:SharpnessHistory",
    "gradients": "dltui.results.gradients:GradientNorms",
    "gradients-along": "dltui.results.gradients_along:GradientsAlong",
    "initial": "dltui.results.initial:InitialSignal",
    "attention": "dltui.results.attention:AttentionMaps",
    "lens": "dltui.results.lens:LogitLens",
    "summary": "dltui.results.summary:Summary",
    "cloud": "dltui.results.cloud:Cloud",
    "mesh": "dltui.results.mesh:Mesh",
    "remade": "dltui.results.remade:Remade",
    "implicit": "dltui.results.implicit:Implicit",
    "splat-fit": "dltui.results.splats:SplatFit",
    "splat-views": "dltui.results.splats:SplatViews",
    "nerf": "dltui.results.nerf:Radiance",
    "nerf-path": "dltui.results.nerf:RadiancePath",
    "nerf-race": "dltui.results.nerf_race:Race",
    "nerf-info": "dltui.results.nerf_info:RadianceInfo",
    "listing": "dltui.results.listing:Listing",
    "graph": "dltui.results.modelgraph:ModelGraph",
    "features": "dltui.results.features:Features",
    "similarity": "dltui.results.similarity:Similarity",
    "receptive-field": "dltui.results.receptive:ReceptiveField",
    "weights": "dltui.results.weights:WeightSurvey",
    "weights-along": "dltui.results.weights_along:WeightsAlong",
    "weights-diff": "dltui.results.weights_diff:WeightsDiff",
    "tensor": "dltui.results.tensor:TensorPage",
    "tensor-diff": "dltui.results.tensor_diff:TensorDiff",
    "critical": "dltui.results.critical:CriticalPoints",
    "explanation": "dltui.results.explanation:Explanation",
    "dream": "dltui.results.dream:Dream",
    "inversion": "dltui.results.inversion:Inversion",
    "probe": "dltui.results.probing:Probing",
    "map": "dltui.results.layer_map:LayerMap",
    "batch": "dltui.results.batch:BatchTable",
    "sweep": "dltui.results.sweep:SweepTable",
    "training": "dltui.results.training:TrainingHistory",
    "figures": "dltui.results.gallery:Gallery",
}


@dataclass(frozen=True)
class Peek:
    """What a list shows of a saved result, read from the header alone.

    Attributes:
        path: The file.
        schema: Name and version of its kind, such as ``landscape/1``.
        title: What was looked at.
        made: How it was made.
    """

    path: Path
    schema: str
    title: str
    made: Made


def load(path: Path) -> Result:
    """Read a result from its file.

    Args:
        path: A file that ``Result.save`` wrote.

    Returns:
        The result, as the class of its kind.

    Raises:
        DltuiError: If the file is missing, is no result, or is of a kind or version that is not known here.
    """
    from safetensors.numpy import load_file

    header = _header(path)
    name, _, version = header["schema"].partition("/")
    if name not in KINDS:
        raise DltuiError(f"{path} holds a {header['schema']} result, which dltui {_newer()}")
    module, _, attribute = KINDS[name].partition(":")
    kind: type[Result] = getattr(import_module(module), attribute)
    if int(version) > int(kind.schema.partition("/")[2]):
        raise DltuiError(
            f"{path} is a {header['schema']} result, newer than {kind.schema}, which dltui {_newer()}"
        )
    return kind.restore(load_file(path), header["plain"], _made(header["made"]))


def peek(path: Path) -> Peek | None:
    """Return what the header tells, or None when the file is no result."""
    try:
        header = _header(path)
    except DltuiError:
        return None
    return Peek(path, header["schema"], str(header["plain"].get("title", "")), _made(header["made"]))


def _header(path: Path) -> dict[str, Any]:
    """Return the JSON that a result keeps in its file's header."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise absent(path, "expected a result saved with --save FILE.safetensors")
    try:
        with safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {}).get(HEADER)
    except (SafetensorError, OSError) as error:
        raise DltuiError(
            f"can't read {path}: {error}; expected a .safetensors file saved with --save"
        ) from error
    try:
        header = json.loads(text or "")
        if not {"schema", "plain", "made"} <= header.keys() or "/" not in header["schema"]:
            raise ValueError(text)
    except (ValueError, AttributeError) as error:
        raise DltuiError(
            f"{path} is a .safetensors file, but not a result of dltui; expected one saved with --save"
        ) from error
    return dict(header)


def _made(stored: dict[str, Any]) -> Made:
    """Return ``stored`` as ``Made``, leaving out what a newer version may have added."""
    known = {part.name for part in fields(Made)}
    return Made(**{name: value for name, value in stored.items() if name in known})


def _newer() -> str:
    """Return the end of the sentence about files from newer versions."""
    from dltui import __version__

    return f"{__version__} can't read; install a newer dltui"
