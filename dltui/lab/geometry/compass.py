"""The Hessian of a small network as a picture, and what it says of a direction: vᵀHv."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

import numpy as np

from dltui.figures import Bars, Heatmap, Lines, Series, Steps, number
from dltui.lab import Choice, Frame, Slider, exhibit, near
from dltui.lab.geometry.jets import Array
from dltui.lab.written import written
from dltui.training import Optimizer, Recipe, Schedule

if TYPE_CHECKING:
    from dltui.objective import Objective

PLANES = ("eigenvectors", "two weights", "random")
SPANNED = {  # what the needle points along at 0° and at 90°
    "eigenvectors": ("eigenvector of λmax", "eigenvector of λmin"),
    "two weights": ("one weight", "the weight that interacts with it most"),
    "random": ("a random direction", "one at a right angle to it"),
}
EPOCHS = 1
ROUNDING = 1e-12  # of the largest eigenvalue: what is smaller counts as 0
REACH = 0.5  # how far the loss is followed along v


@dataclass(frozen=True, eq=False)
class Bend:
    """A loss, and its Hessian written out.

    Attributes:
        objective: The loss, in float64.
        names: What each weight is called.
        matrix: H, shape (n, n).
        values: Eigenvalues, ascending, shape (n,).
        vectors: Unit eigenvectors as rows, shape (n, n).
    """

    objective: Objective
    names: tuple[str, ...]
    matrix: Array
    values: Array
    vectors: Array


@lru_cache(maxsize=16)
def bend_of(epochs: int, seed: int) -> Bend:
    """Return the Hessian of a network of 35 weights that was trained for some epochs on four-pixel digits."""
    from dltui.device import seeded
    from dltui.instruments.curvature import hessian
    from dltui.instruments.curvature.exact import dense
    from dltui.lab.geometry.nets import bound, quarters, tiny, trained

    if epochs:
        rule = Optimizer(name="sgd", lr=0.2)
        recipe = Recipe(epochs=epochs, batch_size=50, optimizer=rule, schedule=Schedule(name="constant"))
        net = trained(tiny, quarters(), recipe, seed)
    else:
        with seeded(seed):
            net = tiny().eval()
    objective = bound(net, quarters(), title=f"network of 35 weights after {epochs} epochs").doubled()
    with hessian(objective) as operator:
        matrix = dense(operator)
    values, vectors = np.linalg.eigh(matrix)
    values[np.abs(values) < ROUNDING * np.abs(values).max()] = 0.0
    names = tuple(
        f"{slot.name} {i + 1}" for slot in objective.twin().slots for i in range(math.prod(slot.shape))
    )
    return Bend(objective, names, matrix, values, vectors.T)


def curvature_along(matrix: Array, v: Array) -> float:
    """Return vᵀHv, the second derivative of the loss along v when v has length 1."""
    return float(v @ matrix @ v)


def plane(bend: Bend, name: str, seed: int) -> tuple[Array, Array]:
    """Return two orthonormal directions in the space of weights."""
    if name == "eigenvectors":
        return bend.vectors[-1], bend.vectors[0]
    if name == "two weights":
        size = np.abs(bend.matrix)
        np.fill_diagonal(size, 0)
        i, j = np.unravel_index(int(size.argmax()), size.shape)
        return np.eye(len(size))[i], np.eye(len(size))[j]
    draw = np.random.default_rng(seed).standard_normal((len(bend.names), 2))
    basis = np.linalg.qr(draw)[0].T
    return basis[0], basis[1]


def losses_along(bend: Bend, v: Array, t: Array) -> Array:
    """Return L(θ* + tv) for each t, by running the network."""
    import torch

    twin = bend.objective.twin()
    centre, way = twin.flat.detach().clone(), torch.from_numpy(np.ascontiguousarray(v))
    found = []
    with torch.no_grad():
        for far in t:
            twin.flat.copy_(centre + float(far) * way)
            found.append(bend.objective.read(twin).loss)
    return np.array(found)


@exhibit(
    "curvature-compass",
    family="geometry",
    covers=("000a:hessian", "000a:directional-curvature"),
    kin={
        "dltui lab run hessian-spectrum": "the eigenvalues of a larger network",
        "dltui lab run eigen-hunt": "how eigenvalues are found by products with H alone",
        "dltui hessian MODEL": "those of your own",
    },
    sources=("Goodfellow, Bengio, Courville 2016, ch. 4.3.1",),
)
def curvature_compass(
    angle: Annotated[float, Slider(-180, 180, step=5, help="where the needle points, in degrees")] = 30.0,
    directions: Annotated[str, Choice(*PLANES, help="the plane in which it turns")] = "eigenvectors",
    epochs: Annotated[int, Slider(0, 40, help="passes over the data before the look")] = EPOCHS,
    seed: Annotated[int, Slider(0, 99, help="seed of weights and of a random plane")] = 0,
) -> Iterator[Frame]:
    """A needle v turns in the space of weights; vᵀHv says how strongly the loss bends along it.

    Try: --angle 0 and --angle 90 are the steepest and the lowest bend; --directions "two weights"; --epochs 40 leaves
    little that bends down.
    Notice: however v turns, vᵀHv stays between the smallest and the largest eigenvalue of H; a needle and its opposite
    say the same; below 0 the loss falls away on both sides.

    H_ij = ∂²L/∂θᵢ∂θⱼ, the way in which the gradient changes: symmetric, a number for each pair of weights. For a unit
    eigenvector vᵀHv = +λ‖v‖² = λ, and between two of them vᵀHv = λ₁cos²φ + λ₂sin²φ. The network has 35 weights: it
    tells the digits 0, 1 and 2 apart by the brightness of their four quarters.
    """
    bend = bend_of(epochs, seed)
    u, w = plane(bend, directions, seed)
    turns = np.radians(np.linspace(-180, 180, 145))
    needles = np.cos(turns)[:, None] * u + np.sin(turns)[:, None] * w
    curve = np.array([curvature_along(bend.matrix, one) for one in needles])
    v = math.cos(math.radians(angle)) * u + math.sin(math.radians(angle)) * w
    here = curvature_along(bend.matrix, v)
    low, high = float(bend.values[0]), float(bend.values[-1])
    compass = Lines(
        title="vᵀHv around the compass",
        caption=f"0°: {SPANNED[directions][0]}; 90°: {SPANNED[directions][1]}; "
        f"{number(float(curve.min()))} to {number(float(curve.max()))} in this plane",
        series=(
            Series(name="vᵀHv", x=np.degrees(turns), y=curve),
            Series(name=f"needle at {angle:g}°", x=np.array([angle]), y=np.array([here]), marks=True),
        ),
        x_label="angle φ in degrees",
        y_label="vᵀHv",
        levels=((high, "λmax"), (low, "λmin")),
    )
    figures = (
        compass,
        _matrix(bend),
        _along(bend, v, here),
        _eigenvalues(bend),
        _worked(bend, u, w, angle, here),
    )
    yield Frame(
        figures=figures,
        numbers={
            "curvature": here,
            "lowest_in_plane": float(curve.min()),
            "highest_in_plane": float(curve.max()),
            "lambda_min": low,
            "lambda_max": high,
            "weights": len(bend.names),
            "loss": bend.objective.center().loss,
        },
        caption=f"vᵀHv = {number(here)} at {angle:g}°; λ from {number(low)} to {number(high)}",
        total=1,
    )


def _matrix(bend: Bend) -> Heatmap:
    """Return H as a picture."""
    place = np.arange(float(len(bend.names)))
    return Heatmap(
        title="The Hessian",
        caption="Rows and columns: the 16 weights and 4 biases of the first layer, the 12 and 3 of the second.",
        values=bend.matrix,
        x=place,
        y=place,
        x_label="j",
        y_label="i",
        value_label="∂²L/∂θᵢ∂θⱼ",
        colormap="coolwarm",
        scale="symlog",
        downwards=True,
        row_names=bend.names,
        column_names=bend.names,
    )


def _along(bend: Bend, v: Array, here: float) -> Lines:
    """Return the loss along the needle beside its quadratic model."""
    t = np.linspace(-REACH, REACH, 25)
    true = losses_along(bend, v, t)
    base, slope = float(losses_along(bend, v, np.zeros(1))[0]), _slope(bend, v)
    return Lines(
        title="The loss along the needle",
        series=(
            Series(name="true L", x=t, y=true),
            Series(name="L + t·gᵀv + ½t²·vᵀHv", x=t, y=base + t * slope + 0.5 * t**2 * here),
        ),
        x_label="t",
        y_label="L(θ* + tv)",
    )


def _slope(bend: Bend, v: Array) -> float:
    """Return gᵀv."""
    return float(bend.objective.gradient(bend.objective.twin()).numpy() @ v)


def _eigenvalues(bend: Bend) -> Bars:
    """Return all eigenvalues, the largest first."""
    count = len(bend.values)
    return Bars(
        title=f"All {count} eigenvalues",
        caption=f"{int((bend.values < -1e-9).sum())} of {count} are negative",
        labels=tuple(f"λ{i + 1}" for i in range(count)),
        values=bend.values[::-1],
        value_label="λ",
    )


def _worked(bend: Bend, u: Array, w: Array, angle: float, here: float) -> Steps:
    """Return how the curvature along the needle comes from those along the two axes of the plane."""
    a, b = curvature_along(bend.matrix, u), curvature_along(bend.matrix, w)
    mixed = float(u @ bend.matrix @ w)
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    lines = (
        (f"v = {number(c)}·u + {number(s)}·w, ‖v‖ = 1", ""),
        (
            f"uᵀHu = {number(a)}, wᵀHw = {number(b)}, uᵀHw = {number(mixed if abs(mixed) > 1e-12 else 0.0)}",
            "",
        ),
        (
            f"vᵀHv = cos²φ·uᵀHu + sin²φ·wᵀHw + 2cosφ·sinφ·uᵀHw = {number(here)}",
            "bends down" if here < 0 else "bends up",
        ),
    )
    return written(*lines)


@curvature_compass.check
def extremes_are_eigenvalues() -> None:
    """Around the compass vᵀHv reaches λmin and λmax, and no direction of a thousand goes beyond (notes 000a)."""
    frame = curvature_compass.last()
    bend = bend_of(EPOCHS, 0)
    known = np.linalg.eigvalsh(bend.matrix)
    near("lowest", frame.numbers["lowest_in_plane"], known[0], 1e-9)
    near("highest", frame.numbers["highest_in_plane"], known[-1], 1e-9)
    assert known[0] < 0 < known[-1], "the network stands in a bowl: nothing to be seen below 0"
    for v in np.random.default_rng(0).standard_normal((1000, len(known))):
        found = curvature_along(bend.matrix, v / np.linalg.norm(v))
        assert known[0] <= found <= known[-1], f"{found} lies beyond {known[0]} … {known[-1]}"


@curvature_compass.check
def hessian_by_differences() -> None:
    """H is symmetric, and equals central differences of the gradient by autograd, h = 1e-5, to 1e-7 (notes 000a)."""
    import torch

    bend = bend_of(EPOCHS, 0)
    near("H − Hᵀ", bend.matrix - bend.matrix.T, np.zeros_like(bend.matrix), 1e-12)
    twin, h, columns = bend.objective.twin(), 1e-5, []
    centre = twin.flat.detach().clone()
    for direction in torch.eye(len(centre), dtype=torch.float64):
        ends = []
        for sign in (1, -1):
            with torch.no_grad():
                twin.flat.copy_(centre + sign * h * direction)
            ends.append(bend.objective.gradient(twin).numpy())
        columns.append((ends[0] - ends[1]) / (2 * h))
    near("H", bend.matrix, np.array(columns), 1e-7)


@curvature_compass.check
def second_difference_of_the_loss() -> None:
    """vᵀHv at four angles of a random plane against (L(θ + hv) − 2L(θ) + L(θ − hv))/h², h = 1e-3, to 1e-5."""
    bend, h = bend_of(EPOCHS, 0), 1e-3
    u, w = plane(bend, "random", 0)
    for angle in (0.0, 40.0, 90.0, 150.0):
        frame = curvature_compass.last(angle=angle, directions="random")
        v = math.cos(math.radians(angle)) * u + math.sin(math.radians(angle)) * w
        ahead, here, behind = losses_along(bend, v, np.array([h, 0.0, -h]))
        near(f"vᵀHv at {angle}°", frame.numbers["curvature"], (ahead - 2 * here + behind) / h**2, 1e-5)


@curvature_compass.check
def eigenvectors_of_any_length() -> None:
    """vᵀHv = +λ‖v‖² for an eigenvector of any length; some notes have a minus (notes 000a, 003)."""
    bend = bend_of(EPOCHS, 0)
    for value, vector in zip(bend.values, bend.vectors, strict=True):
        near("vᵀHv", curvature_along(bend.matrix, 3 * vector), 9 * value, 1e-9)
