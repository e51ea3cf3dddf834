"""The directions of a landscape: random ones, or eigenvectors of the Hessian."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from torch import Tensor

from dltui.errors import UsageError
from dltui.instruments.curvature.pairs import eigenpairs
from dltui.instruments.directions import plane, scaling
from dltui.objective import Objective, Twin
from dltui.progress import Report


@dataclass(frozen=True)
class Axes:
    """One or two directions in the space of weights.

    Attributes:
        directions: d₁, or d₁ and d₂, shape (n,) each.
        cosine: Cosine of the angle between them; 0 for one.
        along: Names of the eigenvectors that they are; empty for random ones.
        curvatures: Eigenvalues of these.
        residuals: ‖Hv − λv‖ of these.
        products: Hessian-vector products that finding them took.
    """

    directions: list[Tensor]
    cosine: float = 0.0
    along: list[str] = field(default_factory=list)
    curvatures: list[float] = field(default_factory=list)
    residuals: list[float] = field(default_factory=list)
    products: int = 0


def random_axes(twin: Twin, normalize: str, seed: int, dimensions: int) -> Axes:
    """Return one or two random directions; see ``directions``."""
    return Axes(*plane(twin, normalize, seed, dimensions))


def eigen_axes(objective: Objective, numbers: Sequence[int], seed: int, report: Report) -> Axes:
    """Return eigenvectors of the Hessian at θ* as directions of length 1.

    A step α along one of them moves the weights by the distance α, and L(α) curves at 0 as its eigenvalue says.

    Args:
        objective: The loss of a model on its data.
        numbers: 1 for the largest eigenvalue, −1 for the lowest, one or two of them.
        seed: Seed of the search.
        report: Called after every product.

    Returns:
        The directions, with eigenvalues and residuals.
    """
    pairs = eigenpairs(objective, numbers, seed=seed, report=report)
    like = objective.twin().flat
    return Axes(
        directions=[vector.to(like) for vector in pairs.vectors],
        along=[f"eigen:{number}" for number in numbers],
        curvatures=pairs.values.tolist(),
        residuals=pairs.residuals.tolist(),
        products=pairs.products,
    )


def chosen(along: Sequence[int], dimensions: int, normalize: str) -> tuple[int, ...]:
    """Return the eigenvectors to go along, one a dimension; none for random directions.

    Args:
        along: Those that were asked for; in a plane, one alone is joined by the next from the same end.
        dimensions: 1 or 2.
        normalize: How directions are scaled; eigenvectors are not.

    Returns:
        Their numbers.

    Raises:
        UsageError: If there are more than dimensions, or they would be scaled.
    """
    scaling(normalize)
    if not along:
        return ()
    named = ",".join(f"eigen:{number}" for number in along)
    if normalize != "none":
        raise UsageError(
            f"can't scan along {named} with --normalize {normalize}: an eigenvector scaled {normalize} by {normalize} "
            "is none any more; leave --normalize out, steps are lengths then"
        )
    if len(along) > dimensions:
        raise UsageError(
            f"can't scan {dimensions} dimension along {named}: expected one direction; try --dimensions 2"
        )
    following = along[0] + (1 if along[0] > 0 else -1)
    return tuple(along) if len(along) == dimensions else (along[0], following)
