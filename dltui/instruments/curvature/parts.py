"""Diagonal blocks of a matrix: how a loss curves in the weights of one layer while all others are held fixed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from dltui.instruments.curvature.exact import dense, described, diagonalized
from dltui.instruments.curvature.extremes import ends
from dltui.instruments.curvature.operator import Counted, Operator, Whole
from dltui.instruments.curvature.plan import Plan
from dltui.instruments.curvature.slq import known_sums, quadrature
from dltui.instruments.curvature.traces import probe, together
from dltui.objective import Slot

SMALL = 64  # rows up to which a block is written out
PROBES = 2  # random vectors for the density of a block
STEPS = 20  # Lanczos steps of each
TRACE_PROBES = 10  # further ones for its trace
NODES = 400  # eigenvalues of a block that is known in full that are kept for drawing


def grouped(slots: Sequence[Slot], by: str) -> dict[str, list[int]]:
    """Return which parameter tensors belong together.

    Args:
        slots: The tensors.
        by: ``layer``: those of one module; ``block``: those of one parent of such modules, or of the module itself
            where that is the whole model.

    Returns:
        Numbers of the tensors by name of the module, in the order of the model.
    """
    groups: dict[str, list[int]] = {}
    for index, slot in enumerate(slots):
        layer = slot.name.rpartition(".")[0] or slot.name
        block = layer.rpartition(".")[0] or layer
        groups.setdefault(layer if by == "layer" else block, []).append(index)
    return groups


def part(operator: Operator, name: str, plan: Plan) -> dict[str, Any]:
    """Return what is known of one diagonal block, as a result keeps it.

    Args:
        operator: The block, shape (m, m).
        name: What it is called.
        plan: How many eigenvalues, how exactly.

    Returns:
        Name, size, top eigenvalues with residuals, trace with its standard error, and points of the density.
    """
    top, m = max(1, min(plan.top, operator.size)), operator.size
    if m <= SMALL:
        found = diagonalized(dense(operator), top=top, bottom=0)
        estimate = described(found.values)
        return _told(name, m, "exact", found.top, found.top_residuals, found.top_converged, estimate)
    generator = torch.Generator().manual_seed(plan.seed)
    found = ends(operator, top=top, bottom=0, tolerance=plan.tolerance, steps=plan.steps, generator=generator)
    if len(found.values) == m:
        return _told(
            name,
            m,
            "lanczos",
            found.top,
            found.top_residuals,
            found.top_converged,
            described(np.sort(found.values)),
        )
    estimate = quadrature(
        operator, found.values, found.vectors, probes=PROBES, steps=STEPS, generator=generator
    )
    samples = [*estimate.samples, *probe(operator, found.vectors, TRACE_PROBES, generator)]
    sums, scale = known_sums(found.values)
    trace = together(sums, samples, operator, "deflated", scale)
    told = _told(name, m, "lanczos", found.top, found.top_residuals, found.top_converged, estimate)
    return told | {"trace": trace.trace, "trace_stderr": trace.trace_stderr}


def parts(
    whole: Whole, counter: Counted, plan: Plan, told: Callable[[list[dict[str, Any]]], None]
) -> list[dict[str, Any]]:
    """Return what is known of every diagonal block.

    Args:
        whole: The matrix.
        counter: What counts its products.
        plan: How many eigenvalues, how exactly, and how tensors are grouped.
        told: Called after every block with those that are known by then.

    Returns:
        One entry for each block, in the order of the model.
    """
    found: list[dict[str, Any]] = []
    for name, inside in grouped(whole.slots, plan.by).items():
        found.append(part(counter.within(whole.within(inside)), name, plan))
        told(list(found))
    return found


def _told(
    name: str, size: int, method: str, top: Any, residuals: Any, sure: Any, estimate: Any
) -> dict[str, Any]:
    atoms = estimate.atoms
    thin = max(1, -(-len(atoms.places) // NODES))
    return {
        "name": name,
        "size": size,
        "method": method,
        "top": top.tolist(),
        "residuals": residuals.tolist(),
        "converged": sure.tolist(),
        "trace": estimate.trace.trace,
        "trace_stderr": estimate.trace.trace_stderr,
        "nodes": atoms.places[::thin].tolist(),
        "weights": (atoms.weights[::thin] / atoms.weights[::thin].sum()).tolist(),
    }
