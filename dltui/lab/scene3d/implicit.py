"""Shapes that are networks: a distance or an occupancy for any place, fitted live, blended, completed, meshed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray

from dltui.figures import Array, Figure, number
from dltui.lab import Choice, Frame, Number, Slider, exhibit, near
from dltui.lab.remembered import Remembered
from dltui.lab.scene3d import implicit_figures as pictures

if TYPE_CHECKING:
    from dltui.lab.scene3d.implicit_nets import Look
    from dltui.scene.geometry import Geometry

Doubles = NDArray[np.float64]
Field = Callable[[Doubles], Doubles]

FINE = (12, 24, 48)  # cells of the grids on which the same weights are meshed
SCORED = 32  # cells of the grid on which both networks are measured
COMPARED = 2000  # points of each surface for the Chamfer distance
BANDS = 0.1  # the error of a distance is taken within this of the surface
ZOOM, WHOLE = 64, 1024  # cells of the window into a grid of 1024³, and that grid


@exhibit(
    "neural-implicit",
    family="scene3d",
    covers=(
        "002c:task-completion",
        "002c:deep-implicit",
        "002c:onet",
        "002c:deepsdf",
        "002c:implicit-pros",
    ),
    kin={
        "dltui remake MODEL": "shapes that an occupancy network, DeepSDF or AtlasNet of your own makes",
        "dltui train --recipe shapes3d-deepsdf": "DeepSDF on twenty shapes",
        "dltui train --recipe shapes3d-occupancy": "an occupancy network that reads clouds",
        "dltui lab run sdf-csg": "distances that are formulas",
        "dltui lab run marching-cubes": "how a mesh is cut out of a field",
    },
    sources=(
        "Park et al. 2019 (DeepSDF), arXiv:1901.05103",
        "Mescheder et al. 2019 (Occupancy Networks), arXiv:1812.03828",
        "Gropp et al. 2020 (eikonal term), arXiv:2002.10099",
    ),
)
def neural_implicit(
    net: Annotated[
        str, Choice("distance", "occupancy", help="which of the two is meshed and blended")
    ] = "distance",
    shape: Annotated[str, Choice("sphere", "box", "torus", help="the shape that is looked at")] = "torus",
    other: Annotated[
        str, Choice("sphere", "box", "torus", help="the shape whose code it is blended with")
    ] = "box",
    latent: Annotated[float, Slider(0, 1, step=0.05, help="way t from the one code to the other")] = 0.5,
    hidden: Annotated[float, Slider(0, 0.9, step=0.05, help="share of the surface that is hidden")] = 0.5,
    clamp: Annotated[float, Slider(0.02, 1, log=True, help="distances are compared within this δ")] = 0.1,
    eikonal: Annotated[float, Slider(0, 0.1, step=0.01, help="weight of (‖∇f‖ − 1)² in the loss")] = 0.0,
    grid: Annotated[int, Slider(8, 48, log=True, help="cells along each side when it is meshed")] = 40,
    cut: Annotated[float, Slider(-1, 1, step=0.05, help="z at which the slices are taken")] = 0.0,
    steps: Annotated[int, Slider(0, 500, step=50, help="batches to learn from")] = 450,
    seed: Annotated[int, Slider(0, 99, help="seed of sizes, weights and batches")] = 0,
) -> Iterator[Frame]:
    """Two networks become three shapes: one tells distances, one tells inside from outside, at any place.

    Try: --net occupancy; --latent from 0 to 1; --hidden 0.9; --clamp 1 learns distances in all of space; --eikonal 0.05
    pulls slopes towards 1, and needs longer; --grid 8 and 48, from the same weights; --steps 100; --cut 0.3.
    Notice: no grid is stored, only weights; the mesh is cut out of them as fine as one likes and asks for every corner
    of every cell. Half a shape is enough, for the code that explains it brings the other half along.

    A deep implicit function is s = f_θ(p, z): a place p = (x, y, z), a code z that says which object, one number s. An
    occupancy network tells the probability of being inside, learns by binary cross-entropy, and its surface is
    s = 0.5. DeepSDF tells the signed distance, learns by |clamp(s, δ) − clamp(d, δ)|, and its surface is s = 0. It has
    no encoder: a code for each shape is learnt along with the weights, and for a new or half-seen shape the code alone
    is searched while the weights stand still. Here both are the same perceptron with codes; the paper's occupancy
    network reads its code from a cloud or picture instead.

    The gradient of a distance has length 1 (eikonal equation); nothing in clamped learning says so away from the
    surface, which is what the residual shows. Good: any resolution, any topology, a few weights. Bad: a mesh takes
    (N + 1)³ calls of the network. Chamfer is the mean distance to the other surface, there and back, of 2000 points.
    """
    yield from _frames(net, shape, other, latent, hidden, clamp, eikonal, grid, cut, steps, seed)


@lru_cache(maxsize=4)
def _frames(
    net: str, shape: str, other: str, latent: float, hidden: float, clamp: float, eikonal: float, grid: int,
    cut: float, steps: int, seed: int,
) -> Remembered[Frame]:  # fmt: skip
    """Return the frames, which are made as they are asked for."""

    def made() -> Iterator[Frame]:
        from dltui.lab.scene3d.implicit_nets import FRAMES, SHAPES, training

        total, past = min(FRAMES, steps) + 1, list[dict[str, float]]()
        pair = SHAPES.index(shape), SHAPES.index(other)
        for look in training(steps, clamp, eikonal, seed):
            past.append({"step": look.step} | _scores(look, pair[0], seed))
            figures, numbers = _seen(look, past, net, shape, grid, cut, clamp, seed)
            if len(past) == total:
                more, told = _after(look, net, pair, latent, hidden, grid, seed)
                figures, numbers = figures + more, numbers | told
            told_here = (
                f"error {number(past[-1]['sdf_error'], 3)}, IoU {number(past[-1]['iou_occupancy'], 3)}"
            )
            caption = f"{look.step} batches: {told_here}"
            yield Frame(figures=figures, numbers=numbers, caption=caption, total=total)

    return Remembered(made)


def corners(cells: int) -> Doubles:
    """Return the corners of a grid over the box, shape (n, n, n, 3)."""
    from dltui.data.shapes3d_fields import BOX

    line = np.linspace(-BOX, BOX, cells + 1)
    return np.stack(np.meshgrid(line, line, line, indexing="ij"), axis=-1)


def meshed(field: Field, cells: int) -> Geometry:
    """Return the surface at 0 of a field over the box; it may be empty."""
    from dltui.data.shapes3d_fields import BOX
    from dltui.scene.cubes import marching_cubes
    from dltui.scene.geometry import geometry_of

    values = field(corners(cells))
    places, faces = marching_cubes(values, np.full(3, -BOX), np.full(3, 2 * BOX / cells))
    places = places if len(places) else np.zeros((1, 3))  # a geometry has a point at least
    return geometry_of(places, title="surface", faces=faces, up="y")


def overlap(one: Array, other: Array) -> float:
    """Return the cells that are in both over those that are in either; 1 where neither has any."""
    either = int((one | other).sum())
    return int((one & other).sum()) / either if either else 1.0


def _scores(look: Look, shape: int, seed: int) -> dict[str, float]:
    """Return how well both networks tell a shape."""
    from dltui.lab.scene3d.implicit_nets import truth

    places = corners(SCORED)
    right = truth(seed).distances[shape](places)
    told = {name: look.field(name, look.code(name, shape))(places) for name in look.nets}
    band = np.abs(right) < BANDS
    return {
        "sdf_error": float(np.abs(told["distance"] - right)[band].mean()) if band.any() else 0.0,
        "iou_distance": overlap(told["distance"] < 0, right < 0),
        "iou_occupancy": overlap(told["occupancy"] < 0, right < 0),
    }


def _seen(
    look: Look, past: list[dict[str, float]], net: str, shape: str, grid: int, cut: float, clamp: float, seed: int
) -> tuple[tuple[Figure, ...], dict[str, Number]]:  # fmt: skip
    """Return slices, mesh and curves at one look, and their numbers."""
    from dltui.lab.scene3d.implicit_nets import SHAPES, truth
    from dltui.scene.mesh import measure

    at = SHAPES.index(shape)
    exact = truth(seed).distances[at]
    fields = {name: look.field(name, look.code(name, at)) for name in look.nets}
    mesh = meshed(fields[net], grid)
    found = measure(mesh.vertices, mesh.faces) if len(mesh.faces) else None
    residual = float(((look.slopes(at, seed) - 1) ** 2).mean())
    figures: tuple[Figure, ...] = (
        pictures.distance_slice(fields["distance"], exact, cut, clamp),
        pictures.occupancy_slice(fields["occupancy"], cut),
        pictures.surface(mesh, f"The {shape}, cut out of the {net} network", found),
        pictures.error_slice(fields["distance"], exact, cut),
        pictures.along(fields, exact, cut),
        pictures.fits(past),
        pictures.errors(past),
    )
    numbers: dict[str, Number] = {
        **past[-1],
        "eikonal_residual": residual,
        "losses": [None if np.isnan(one) else one for one in look.losses],
        "closed": bool(found and found.watertight),
        "euler": found.euler if found else None,
        "triangles": len(mesh.faces),
        "weights": sum(one.numel() for one in look.nets[net].parameters()),
    }
    return figures, numbers


def _after(
    look: Look, net: str, pair: tuple[int, int], latent: float, hidden: float, grid: int, seed: int
) -> tuple[tuple[Figure, ...], dict[str, Number]]:
    """Return what is done with the trained networks: blends, completion, resolutions."""
    from dltui.lab.scene3d.implicit_nets import SHAPES, completed, halved, truth

    one, other = (look.code(net, shape) for shape in pair)
    blend = meshed(look.field(net, (1 - latent) * one + latent * other), grid)
    visible = halved(pair[0], hidden, seed)[0].numpy()
    whole = truth(seed).surface[pair[0]].numpy()
    made = meshed(look.field("distance", completed(look, pair[0], hidden, seed)), grid)
    gaps = _chamfer(visible, whole, seed), _chamfer(made, whole, seed)
    field = look.field(net, one)
    sizes = [(cells, meshed(field, cells)) for cells in FINE]
    weights = sum(part.numel() for part in look.nets[net].parameters())
    window, side = zoom(field, one_on(field))
    figures = (
        pictures.surface(
            blend, f"Between {SHAPES[pair[0]]} and {SHAPES[pair[1]]}, t = {number(latent)}", None
        ),
        pictures.completion(visible, made, gaps, hidden),
        pictures.window(window, side, WHOLE),
        pictures.resolutions(sizes, weights),
        pictures.worked(look, net, pair[0], field, seed, gaps, weights),
    )
    numbers: dict[str, Number] = {
        "chamfer_seen": gaps[0],
        "chamfer_completed": gaps[1],
        "triangles_at": [len(mesh.faces) for _, mesh in sizes],
        "calls_1024": WHOLE**3,
        "grid_bytes_1024": 4 * WHOLE**3,
        "weight_bytes": 4 * weights,
    }
    return figures, numbers


def _chamfer(one: Geometry | Array, other: Array, seed: int) -> float | None:
    """Return the Chamfer distance of two surfaces, or None where there is none."""
    from dltui.scene.geometry import geometry_of
    from dltui.scene.points.distances import apart
    from dltui.scene.points.thinning import spread

    found = one if not isinstance(one, np.ndarray) else geometry_of(one, title="seen")
    if len(found.vertices) < 2 or (found.is_mesh and not len(found.faces)):
        return None
    count = COMPARED if found.is_mesh else min(COMPARED, len(found.vertices))
    return apart(spread(found, count, seed).vertices, other[:COMPARED], seed=seed).chamfer


def one_on(field: Field) -> Doubles:
    """Return a place near the surface of a field: where it is nearest to 0 on a grid of 24³."""
    places = corners(24).reshape(-1, 3)
    found: Doubles = places[np.abs(field(places)).argmin()]
    return found


def zoom(field: Field, middle: Doubles) -> tuple[Doubles, Doubles]:
    """Return a window into the slice of a 1024³ grid around a place, (64, 64), and its corners' x and y, (2, 64)."""
    from dltui.data.shapes3d_fields import BOX

    line = np.linspace(-BOX, BOX, WHOLE)
    first = np.clip(np.searchsorted(line, middle) - ZOOM // 2, 0, WHOLE - ZOOM)
    x, y = (line[first[axis] : first[axis] + ZOOM] for axis in (0, 1))
    z = line[first[2] + ZOOM // 2]
    places = np.stack([*np.meshgrid(x, y, indexing="xy"), np.full((ZOOM, ZOOM), z)], axis=-1)
    return field(places), np.stack([x, y])


def _end(seed: int = 0) -> Look:
    """Return how the training of the default settings ends."""
    from dltui.lab.scene3d.implicit_nets import training

    return training(450, 0.1, 0.0, seed).last()


@neural_implicit.check
def occupancy_fills_the_shapes() -> None:
    """IoU above 0.9 with the closed formula of each shape; ½ − s has the sign of the exact distance."""
    from dltui.lab.scene3d.implicit_nets import SHAPES, truth

    look, places = _end(), np.random.default_rng(5).uniform(-1.1, 1.1, (20_000, 3))
    known = truth(0).distances
    closed = (
        lambda p: np.linalg.norm(p, axis=1) < known[0].keywords["radius"],  # type: ignore[attr-defined]
        lambda p: (np.abs(p) < known[1].keywords["half"]).all(axis=1),  # type: ignore[attr-defined]
        lambda p: (
            (np.hypot(p[:, 0], p[:, 2]) - known[2].keywords["ring"]) ** 2 + p[:, 1] ** 2  # type: ignore[attr-defined]
            < known[2].keywords["tube"] ** 2  # type: ignore[attr-defined]
        ),
    )
    for at, name in enumerate(SHAPES):
        told, inside = look.field("occupancy", look.code("occupancy", at))(places), closed[at](places)
        assert (np.abs(told) <= 0.5).all(), "a probability beyond 0 … 1"
        share = ((told < 0) & inside).sum() / ((told < 0) | inside).sum()
        assert share > 0.9, f"{name}: IoU {share:.3f}"
        far = np.abs(known[at](places)) > 0.08
        same = ((told < 0) == inside)[far].mean()
        assert same > 0.99, f"{name}: {same:.4f} have the right sign"
    near("told", neural_implicit.last().value("iou_occupancy"), 0.95, 0.05)


@neural_implicit.check
def distances_are_right() -> None:
    """Mean error of DeepSDF against exact distances below 0.02 near the surface of each shape, at fresh places."""
    from dltui.lab.scene3d.implicit_nets import SHAPES, truth

    look, places = _end(), np.random.default_rng(6).uniform(-1.1, 1.1, (20_000, 3))
    for at, name in enumerate(SHAPES):
        right = truth(0).distances[at](places)
        told = look.field("distance", look.code("distance", at))(places)
        band = np.abs(right) < 0.1
        error = float(np.abs(told - right)[band].mean())
        assert error < 0.02, f"{name}: {error:.4f}"
        assert (np.sign(told) == np.sign(right))[np.abs(right) > 0.05].mean() > 0.99, name
    frame = neural_implicit.last()
    assert frame.value("sdf_error") < 0.02, frame.numbers["sdf_error"]
    early = next(iter(neural_implicit()))
    assert early.value("sdf_error") > 0.03, "it was right before it learnt"


@neural_implicit.check
def mesh_is_closed() -> None:
    """Every edge has two triangles; V − E + F is 0 for the torus, else 2, by both networks."""
    look = _end()
    for at, euler in enumerate((2, 2, 0)):
        for name in look.nets:
            mesh = meshed(look.field(name, look.code(name, at)), 40)
            sides = np.sort(np.concatenate([mesh.faces[:, [i, (i + 1) % 3]] for i in range(3)]), axis=1)
            edges, counts = np.unique(sides, axis=0, return_counts=True)
            assert (counts == 2).all(), f"{name}, shape {at}: {(counts != 2).sum()} edges are open"
            near(f"Euler, {name}, shape {at}", len(mesh.vertices) - len(edges) + len(mesh.faces), euler, 0)
    frame = neural_implicit.last()
    assert frame.numbers["closed"] is True
    near("told", frame.value("euler"), 0, 0)


@neural_implicit.check
def half_is_completed() -> None:
    """Half of the torus is hidden: what is completed has less than half the Chamfer distance of what is seen."""
    frame = neural_implicit.last()
    seen, made = frame.value("chamfer_seen"), frame.value("chamfer_completed")
    assert made < seen / 2, f"seen {seen}, completed {made}"
    from dltui.lab.scene3d.implicit_nets import halved, truth

    whole = truth(0).surface[2].numpy().astype(float)
    visible = halved(2, 0.5, 0)[0].numpy().astype(float)
    near("share that is seen", len(visible) / len(whole), 0.5, 0.01)
    assert visible[:, 0].max() <= np.median(whole[:, 0]) + 1e-6
    apart = np.linalg.norm(visible[:, None] - whole[None], axis=-1)
    near("Chamfer of what is seen", seen, apart.min(axis=0).mean() + apart.min(axis=1).mean(), 1e-5)


@neural_implicit.check
def any_resolution_from_the_same_weights() -> None:
    """1024³ = 1,073,741,824 places, 4 GiB as a grid of floats, are asked of the same weights: a window of them here."""
    look, frame = _end(), neural_implicit.last()
    near("calls", frame.value("calls_1024"), 1_073_741_824, 0)
    near("bytes of the grid", frame.value("grid_bytes_1024"), 4 * 2**30, 0)
    net = look.nets["distance"]
    near("bytes of the weights", frame.value("weight_bytes"), sum(one.nbytes for one in net.parameters()), 0)
    assert frame.value("weight_bytes") * 10_000 < frame.value("grid_bytes_1024")
    field = look.field("distance", look.code("distance", 2))
    window, side = zoom(field, one_on(field))
    assert window.min() < 0 < window.max(), "the window sees no surface"
    near("step", np.diff(side[0]).mean(), 2.2 / 1023, 1e-9)
    coarse = field(np.array([[side[0, 7], side[1, 9], 0.0]]))
    near(
        "one place alone", coarse, field(np.array([[side[0, 7], side[1, 9], 0.0], [0.0, 0.0, 0.0]]))[:1], 1e-6
    )
    counts = frame.numbers["triangles_at"]
    assert isinstance(counts, list)
    few, *told = (one for one in counts if isinstance(one, int))
    grown = [*told, len(meshed(field, 2 * FINE[-1]).faces)]
    # 12 cells hardly see the tube, whose sizes the seed draws: four times begins where cells are smaller than it
    assert 3 < grown[0] / few < 6, counts
    for fewer, more in pairwise(grown):
        assert 3 < more / fewer < 5, grown  # four times as many for twice the cells
    near("four times, the finer the nearer", grown[-1] / grown[-2], 4, 0.5)


@neural_implicit.check
def codes_say_which_shape() -> None:
    """At t = 0 and 1 the blend is the shape itself, between it is neither; a code more is a weight more."""
    look = _end()
    one, other = (look.code("distance", at) for at in (2, 1))
    places = corners(24)
    ends = [look.field("distance", (1 - t) * one + t * other)(places) < 0 for t in (0.0, 0.5, 1.0)]
    alone = [look.field("distance", code)(places) < 0 for code in (one, other)]
    near("t = 0", ends[0], alone[0], 0)
    near("t = 1", ends[2], alone[1], 0)
    assert overlap(ends[1], alone[0]) < 0.97 > overlap(ends[1], alone[1]), "half way is one of both"
