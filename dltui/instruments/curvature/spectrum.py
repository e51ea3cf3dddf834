"""Eigenvalues, trace and spectral density of the Hessian of a model's loss, or of a matrix in its place.

Small matrices are diagonalised. Of large ones, Lanczos finds both ends with error bounds; they are taken out, and
stochastic Lanczos quadrature estimates the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import numpy as np
import torch

from dltui.errors import DltuiError
from dltui.instruments import memory
from dltui.instruments.curvature.exact import DOUBLE, EXACT, described, diagonalize
from dltui.instruments.curvature.extremes import Ends, Glimpse, Look, ends
from dltui.instruments.curvature.masses import masses
from dltui.instruments.curvature.matrices import MatrixName
from dltui.instruments.curvature.matrices import matrix as products_of
from dltui.instruments.curvature.operator import Counted, Operator, Whole
from dltui.instruments.curvature.parts import grouped, parts
from dltui.instruments.curvature.plan import FEW, By, Plan, check
from dltui.instruments.curvature.slq import Estimate, guessed, known_sums, quadrature
from dltui.instruments.curvature.summed import BUDGET
from dltui.instruments.curvature.traces import (
    Trace,
    TraceMethod,
    hutch_plus_plus,
    hutchinson,
    probe,
    together,
)
from dltui.instruments.place import moved
from dltui.instruments.team import Team
from dltui.objective import Objective, Slot, same_randomness
from dltui.progress import Report, silent
from dltui.results.base import Made
from dltui.results.smoothing import SMOOTHING, smooth
from dltui.results.spectrum import Spectrum
from dltui.results.summary_page import size as spelled
from dltui.results.verdict import CRITICAL, effective_rank, shares

SLQ_STEPS = 30  # steps of a run that only has to find the shape of the bulk
TRACE_PROBES = 25  # extra probes of one product each; with few, the standard error itself is uncertain
BASIS_BYTES = 1 << 30  # a Krylov basis is no larger than this
PICTURES_EACH = 0.1  # seconds between two partial results
PART_PRODUCTS = 80  # products that a diagonal block is expected to take


@dataclass(frozen=True)
class Subject:
    """What is looked at.

    Attributes:
        blank: A spectrum that says what that is, and nothing about it.
        slots: Where each parameter tensor lies in θ.
    """

    blank: Spectrum
    slots: tuple[Slot, ...]

    def known(self, found: Ends, estimate: Estimate | None, products: int) -> Spectrum:
        """Return the blank with everything that is known by now."""
        told = replace(
            self.blank,
            top_eigenvalues=found.top,
            top_residuals=found.top_residuals,
            top_converged=found.top_converged,
            bottom_eigenvalues=found.bottom,
            bottom_residuals=found.bottom_residuals,
            bottom_converged=found.bottom_converged,
            top_masses=masses(found.top_vectors, self.slots),
            bottom_masses=masses(found.bottom_vectors, self.slots),
            converged=found.converged,
            products=products,
        )
        return told if estimate is None else _estimated(told, estimate)


def spectrum(
    objective: Objective,
    *,
    matrix: MatrixName = "hessian",
    at: Sequence[float] = (),
    normalize: str = "filter",
    top: int | None = None,
    bottom: int | None = None,
    probes: int = 3,
    steps: int = 100,
    tolerance: float = 1e-4,
    trace: TraceMethod = "deflated",
    trace_probes: int = TRACE_PROBES,
    smoothing: float = SMOOTHING,
    by: By = "",
    critical: float = CRITICAL,
    seed: int = 0,
    exact: bool | None = None,
    budget: int = BUDGET,
    devices: Sequence[torch.device] = (),
    team: Team | None = None,
    report: Report = silent,
) -> Spectrum:
    """Find what is known of the eigenvalues of H = ∇²L(θ*), or of another matrix there.

    Args:
        objective: The loss of a model on its data.
        matrix: ``hessian``, ``ggn``, ``fisher`` or ``empirical-fisher``.
        at: Where to look instead of θ*: α on the line, or α and β in the plane, that a landscape of this ``seed``
            scans.
        normalize: How the directions of that plane are scaled.
        top: How many of the largest eigenvalues; 5, or as many as there are, when None.
        bottom: How many of the smallest; likewise.
        probes: Random vectors for the density; more make density and trace less noisy.
        steps: Lanczos vectors that are held at most; all runs together take at most four times as many products.
        tolerance: Residual allowed for each eigenvalue, relative to its size.
        trace: How tr H and tr H² are estimated: ``deflated``, ``hutchinson`` or ``hutch++``.
        trace_probes: Random vectors for that, besides those of the density; Hutch++ spends three times as many
            products.
        smoothing: Width of a point of the density far from 0, as a share of its place; a thirtieth of that at 0.
        by: ``layer`` or ``block`` to look at the diagonal blocks of these as well.
        critical: ‖∇L‖ up to which the point counts as critical.
        seed: Seed of all random vectors.
        exact: Write the matrix out and diagonalise it; by default where it has at most 512 rows. Up to 1024 rows
            that is done in float64, beyond in the precision of the objective.
        budget: Bytes of activations that may be kept between products.
        devices: Where the samples go in turn; all to the device of the objective otherwise.
        team: Other processes that do their share of each product, each called with the same arguments.
        report: Called after every product with the products done and expected; about ten times a second, and after
            each probe, with a ``Spectrum`` of what is known by then.

    Returns:
        The spectrum, with error bounds.

    Raises:
        UsageError: If a number makes no sense.
        DltuiError: If the loss is not finite, or can't be differentiated twice; or a matrix that is to be written out
            has no room in memory.
    """
    objective = moved(objective, at, normalize, seed)
    slots = objective.twin().slots
    size = slots[-1].stop
    few = min(FEW, size)
    plan = Plan(
        few if top is None else top,
        few if bottom is None else bottom,
        probes,
        steps,
        tolerance,
        trace,
        trace_probes,
        smoothing,
        by,
        critical,
        seed,
    )
    check(plan, size, objective.title)
    loss = objective.center().loss
    small = size <= EXACT if exact is None else exact
    if small and size <= DOUBLE:
        objective = objective.doubled()
    if small:
        _check_room(size, objective)
    blank = replace(
        _blank(objective, loss, slots, plan), matrix=matrix, at=list(at), normalize=normalize if at else ""
    )
    expected = (size if small else _expected(plan)) + _expected_parts(plan, slots)
    report(0, expected)
    bound = products_of(objective, matrix, seed=seed, budget=budget, devices=devices, team=team)
    with same_randomness(), bound as operator:
        counted = Counted(operator, lambda products: report(products, max(expected, products + 1)))
        subject = Subject(blank, slots)
        result = (
            _exact(counted, subject, plan) if small else _sampled(counted, subject, plan, report, expected)
        )
        if by:
            result = _with_parts(operator, counted, result, plan, report)
    result = replace(result, complete=True, products=counted.products)
    report(result.products, result.products, result)
    return result


def _check_room(size: int, objective: Objective) -> None:
    """Refuse a matrix that memory has no room for.

    Raises:
        DltuiError: If it, its transpose and what is diagonalised don't fit into what is free.
    """
    needed, room = 3 * size**2 * objective.dtype.itemsize, memory.free()
    if needed > room:
        raise DltuiError(
            f"the matrix of {objective.title} has {size:,} rows and columns: writing it out takes {spelled(needed)}, "
            f"more than the {spelled(room)} of memory that are free; leave --exact out, and both ends, trace and "
            "density are estimated without it"
        )


def _exact(operator: Counted, subject: Subject, plan: Plan) -> Spectrum:
    """Return everything about a matrix that is small enough to be written out."""
    found = diagonalize(operator, top=plan.top, bottom=plan.bottom, tolerance=plan.tolerance, seed=plan.seed)
    told = subject.known(found, described(found.values), operator.products)
    return replace(told, method="exact", probes=0)


def _sampled(operator: Counted, subject: Subject, plan: Plan, report: Report, todo: int) -> Spectrum:
    """Return both ends by Lanczos, and the rest by probes in the space orthogonal to them."""
    generator = torch.Generator().manual_seed(plan.seed)
    steps = min(plan.steps, max(SLQ_STEPS, _rows_that_fit(operator)))
    found = ends(
        operator,
        top=plan.top,
        bottom=plan.bottom,
        tolerance=plan.tolerance,
        steps=steps,
        generator=generator,
        look=_glimpses(operator, subject, todo, report),
    )
    if len(found.values) == operator.size:
        whole = described(np.sort(found.values))
        return replace(subject.known(found, whole, operator.products), probes=0)
    todo = operator.products + plan.probes * SLQ_STEPS + plan.trace_probes

    def look(estimate: Estimate) -> None:
        report(operator.products, todo, subject.known(found, estimate, operator.products))

    estimate = quadrature(
        operator,
        found.values,
        found.vectors,
        probes=plan.probes,
        steps=SLQ_STEPS,
        generator=generator,
        look=look,
    )
    estimate = replace(estimate, trace=_traced(operator, found, estimate, plan, generator))
    return subject.known(found, estimate, operator.products)


def _traced(
    operator: Operator, found: Ends, estimate: Estimate, plan: Plan, generator: torch.Generator
) -> Trace:
    """Return tr A and tr A² by the estimator that was asked for."""
    if plan.trace == "hutchinson":
        return hutchinson(operator, plan.trace_probes, generator)
    if plan.trace == "hutch++":
        return hutch_plus_plus(operator, plan.trace_probes, plan.trace_probes, generator)
    samples = [*estimate.samples, *probe(operator, found.vectors, plan.trace_probes, generator)]
    sums, scale = known_sums(found.values)
    return together(sums, samples, operator, "deflated", scale)


def _with_parts(whole: Whole, counter: Counted, result: Spectrum, plan: Plan, report: Report) -> Spectrum:
    """Return the spectrum with its diagonal blocks."""
    result = replace(result, by=plan.by)
    expected = counter.products + _expected_parts(plan, whole.slots)

    def told(known: list[dict[str, Any]]) -> None:
        done = counter.products
        report(done, max(expected, done + 1), replace(result, blocks=known, products=done))

    return replace(result, blocks=parts(whole, counter, plan, told))


def _glimpses(operator: Counted, subject: Subject, todo: int, report: Report) -> Look:
    """Return what reports both ends, and a first guess at the density, while Lanczos runs.

    A run from a random start is a probe of its own: its Ritz values, weighted with the squares of the first entries
    of their vectors, are quadrature points of the whole spectrum.
    """
    shown, guess = float("-inf"), None

    def look(glimpse: Callable[[], Glimpse]) -> None:
        nonlocal shown, guess
        if monotonic() - shown < PICTURES_EACH:
            return
        found, whole = glimpse()
        if whole is not None:
            guess = guessed(whole, operator.size)
        done = operator.products
        report(done, max(todo, done + 1), subject.known(found, guess, done))
        shown = monotonic()

    return look


def _expected(plan: Plan) -> int:
    """Return how many products a sampled spectrum is expected to take."""
    thirds = 3 if plan.trace == "hutch++" else 1
    return 2 * plan.steps + plan.probes * SLQ_STEPS + thirds * plan.trace_probes


def _expected_parts(plan: Plan, slots: Sequence[Slot]) -> int:
    """Return how many products the diagonal blocks are expected to take."""
    return PART_PRODUCTS * len(grouped(slots, plan.by)) if plan.by else 0


def _rows_that_fit(operator: Operator) -> int:
    """Return how many vectors of the operator's size fit into the memory for a basis."""
    return BASIS_BYTES // (operator.size * operator.like.element_size())


def _blank(objective: Objective, loss: float, slots: Sequence[Slot], plan: Plan) -> Spectrum:
    """Return a spectrum that says what is looked at, and nothing about it yet."""
    none, twin = np.empty(0), objective.twin()
    return Spectrum(
        title=objective.title,
        made=Made(device=str(objective.device), seed=plan.seed),
        parameters=slots[-1].stop,
        top_eigenvalues=none,
        top_residuals=none,
        bottom_eigenvalues=none,
        bottom_residuals=none,
        layers=[slot.name for slot in slots],
        converged=False,
        complete=False,
        trace=float("nan"),
        trace_stderr=float("nan"),
        trace_method=plan.trace,
        eigenvalues=none,
        density=none,
        moments=none,
        loss=loss,
        gradient_norm=float(objective.gradient(twin).norm()),
        critical=plan.critical,
        classes=_classes(objective),
        products=0,
        samples=objective.samples,
        tolerance=plan.tolerance,
        smoothing=plan.smoothing,
        probes=plan.probes,
        seed=plan.seed,
        precision=str(objective.dtype).removeprefix("torch."),
        mode=objective.mode,
    )


def _classes(objective: Objective) -> int:
    """Return how many classes the model tells apart, 0 where it gives numbers."""
    if not objective.criterion.counts:
        return 0
    with torch.no_grad():
        return objective.outputs(objective.twin(), objective.inputs[:2]).shape[1]


def _estimated(told: Spectrum, estimate: Estimate) -> Spectrum:
    """Return a spectrum with trace, moments, density, and what is read off it."""
    atoms, trace, n = estimate.atoms, estimate.trace, told.parameters
    grid, curve, bandwidth = smooth(atoms.places, atoms.weights, told.smoothing)
    flat, flat_error = _share_of(estimate, n, 0)
    negative, negative_error = _share_of(estimate, n, 1)
    rank, rank_error = estimate.read(lambda one: effective_rank(one.places, one.weights, n))
    return replace(
        told,
        trace=trace.trace,
        trace_stderr=trace.trace_stderr,
        square=trace.square,
        square_stderr=trace.square_stderr,
        eigenvalues=grid,
        density=curve,
        bandwidth=bandwidth,
        nodes=atoms.places,
        node_weights=atoms.weights,
        moments=np.array([trace.trace / n, trace.square / n]),
        flat_share=flat,
        flat_stderr=flat_error,
        negative_share=negative,
        negative_stderr=negative_error,
        effective_rank=rank,
        effective_rank_stderr=rank_error,
    )


def _share_of(estimate: Estimate, n: int, place: int) -> tuple[float, float]:
    """Return the share of flat eigenvalues (0) or negative ones (1), with its standard error.

    Probes that agree are no proof: by them no share is told finer than by one eigenvalue of n.
    """
    share, error = estimate.read(lambda one: shares(one.places, one.weights)[place])
    return share, max(error, 1 / n) if estimate.each else error
