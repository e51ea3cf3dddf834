"""What a landscape is spanned by: one or two directions, and what is known of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from torch import Tensor

from dltui.instruments.planes.statistics import Statistics
from dltui.objective import Objective
from dltui.progress import Report
from dltui.results.trail import Spot, Trail


@dataclass(frozen=True)
class Axes:
    """One or two directions in the space of weights.

    Attributes:
        directions: d₁, or d₁ and d₂, shape (n,) each.
        cosine: Cosine of the angle between them; 0 for one.
        scale: How they were scaled: filter, layer, weight or none.
        vectors: Whether random ones move biases and scales of norms too.
        seed: Seed of the draws; None where nothing was drawn.
        along: What each is, such as ``eigen:1`` or ``gradient``; empty for random ones.
        told: What to say of each beside the picture, one phrase a direction; empty for random ones.
        curvatures: Eigenvalues of those that are eigenvectors.
        residuals: ‖Hv − λv‖ of these.
        products: Steps of work that finding them took: products with the Hessian, or evaluations.
        middle: Where the window lies unless somewhere else is asked for; empty for θ*.
        reach: Half its width along each direction; empty where the scan decides.
        spots: Other networks that lie in the plane.
        trail: The path of a training, seen in the plane.
        statistics: Puts running statistics right at every point; None keeps those of θ*.
    """

    directions: list[Tensor]
    cosine: float = 0.0
    scale: str = "none"
    vectors: bool = False
    seed: int | None = None
    along: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    curvatures: list[float] = field(default_factory=list)
    residuals: list[float] = field(default_factory=list)
    products: int = 0
    middle: tuple[float, ...] = ()
    reach: tuple[float, ...] = ()
    spots: tuple[Spot, ...] = ()
    trail: Trail | None = None
    statistics: Statistics | None = None


Span = Callable[[Objective, Report], Axes]
"""Finds the directions around the weights of an objective, and tells how far it is."""
