"""The map of the largest and the lowest curvature beside a landscape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dltui.figures import Array, ColorMap, Figure, Heatmap, number

if TYPE_CHECKING:
    from dltui.results.landscape import Landscape


def document(found: Landscape) -> dict[str, Any]:
    """Return the map as JSON values."""
    parts: dict[str, Array | None] = {
        "alphas": found.curvature_alphas,
        "betas": found.curvature_betas,
        "highest": found.highest,
        "lowest": found.lowest,
        "residual": found.curvature_residual,
    }
    return {name: None if array is None else array.tolist() for name, array in parts.items()}


def figures(found: Landscape) -> list[Figure]:
    """Return the maps of the lowest and of the largest curvature, where there are some."""
    alphas, betas, residual = found.curvature_alphas, found.curvature_betas, found.curvature_residual
    pair: tuple[tuple[str, Array | None, ColorMap], ...] = (
        ("Lowest curvature λ_min", found.lowest, "coolwarm"),
        ("Largest curvature λ_max", found.highest, "viridis"),
    )
    worst = 0.0 if residual is None else float(np.nanmax(residual, initial=0.0))
    return [
        Heatmap(
            title=f"{name} · {found.title}",
            caption=f"eigenvalues of the Hessian of all {found.parameters} parameters at every point, residuals "
            f"‖Hv − λv‖ at most {number(worst, 1)}; {found.axes_told}; holes did not converge",
            values=values,
            x=alphas,
            y=betas,
            x_label="α",
            y_label="β",
            value_label="λ",
            colormap=colors,
            paths=found.paths,
            marks=found.marks,
        )
        for name, values, colors in pair
        if values is not None and alphas is not None and betas is not None
    ]
