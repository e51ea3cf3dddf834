"""The shapes that occupancy networks, DeepSDF and AtlasNet make, as triangles, measured against the truth.

Shape letters in this file: C numbers of a code, Q places, G corners of a grid along each side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dltui.data import Dataset, load
from dltui.data.distances import Distance, drawn_shapes, near_surface
from dltui.data.shapes3d_fields import BLUR, BOX, placed, shapes3d_distance, shapes3d_inside
from dltui.data.split import hold_out
from dltui.device import pick_device
from dltui.errors import DltuiError, UsageError
from dltui.models.atlasnet import AtlasNet
from dltui.models.deepsdf import PRIOR, DeepSdf
from dltui.models.occupancy import Occupancy
from dltui.objective.undisturbed import undisturbed
from dltui.results.mesh import Mesh
from dltui.results.remade import Remade
from dltui.scene.cubes import marching_cubes
from dltui.scene.describe import mesh_of
from dltui.scene.geometry import Geometry, geometry_of
from dltui.scene.points.distances import apart
from dltui.scene.points.thinning import spread
from dltui.spelling import open_knobs, settle_knobs, split_knobs

if TYPE_CHECKING:
    from dltui.checkpoints.live import LiveModel

SAMPLES = 2000  # points of each surface that are compared
CHUNK = 32_768  # places that are asked for at once
SHEET = 20  # cells along each side of a sheet of AtlasNet
STEPS, RATE = 400, 5e-3  # of the search for a code
CLAMP = 0.1  # distances are compared within this

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class _Made:
    """What a network made, and what it was to make.

    Attributes:
        geometry: The triangles.
        given: Which shape.
        true: Points of its surface.
        iou: Intersection over union, or None.
        side: Cells along each side of the grid.
        error: Mean error of distances, or None.
        unseen: Whether it was none of those that were learnt from.
    """

    geometry: Geometry
    given: str
    true: Floats
    iou: float | None = None
    side: int = 0
    error: float | None = None
    unseen: bool = True


def remake(
    live: LiveModel, number: int, *, resolution: int = 48, seed: int = 0, device: str = "cpu"
) -> tuple[Remade, Geometry]:
    """Let a network make a shape, and measure how alike it is.

    Args:
        live: An occupancy network, DeepSDF or AtlasNet, with the data that it was made for; it is left as found.
        number: Which held-out sample; with DeepSDF which shape: beyond those that it has codes for, a code is searched.
        resolution: Cells along each side of the grid on which a field is asked.
        seed: Seed of the data and of what is drawn.
        device: Where to compute.

    Returns:
        The result, and the triangles to be written.

    Raises:
        UsageError: If the network makes no shapes, or its data are others.
        DltuiError: If the field is nowhere inside.
    """
    check(live)
    with undisturbed(live.module) as module:
        module.to(pick_device(device)).eval()
        if isinstance(module, Occupancy):
            made = _filled(module, live, number, resolution, seed)
        elif isinstance(module, DeepSdf):
            made = _measured(module, live, number, resolution, seed)
        else:
            assert isinstance(module, AtlasNet), "check lets no other pass"
            made = _laid(module, live, number, seed)
    mesh = mesh_of(made.geometry, colour="patch" if "patch" in made.geometry.channels else "none")
    held = {part.name: getattr(mesh, part.name) for part in fields(Mesh) if part.init}
    both = apart(spread(made.geometry, SAMPLES, seed).vertices, made.true, seed=seed)
    found = Remade(
        **held,
        model=live.title,
        weights=live.weights_note,
        given=made.given,
        true=made.true,
        iou=made.iou,
        side=made.side,
        apart=asdict(both),
        error=made.error,
        unseen=made.unseen,
    )
    return found, made.geometry


def check(live: LiveModel) -> None:
    """Refuse a network that makes no shapes, or whose data tell none.

    Args:
        live: The network.

    Raises:
        UsageError: If it is none of the three, or its data aren't those that they learn from.
    """
    kinds = {Occupancy: "shapes3d-inside", DeepSdf: "shapes3d-distance", AtlasNet: "shapes3d-copy"}
    wanted = next((data for kind, data in kinds.items() if isinstance(live.module, kind)), None)
    if wanted is None:
        raise UsageError(f"{live.title} makes no shapes: try occupancy, deepsdf or atlasnet")
    if split_knobs("data set", live.data)[0] != wanted:
        raise UsageError(
            f"{live.title} is asked for shapes of {wanted}, not of {live.data}: try --data {wanted}"
        )


def searched_code(module: DeepSdf, places: Tensor, distances: Tensor) -> Tensor:
    """Return the code with which a network tells the distances of a shape best (Park et al. 2019, equation 10).

    Args:
        module: The network; its weights are not changed.
        places: Places around the shape, (Q, 3).
        distances: The distances there, (Q, 1).

    Returns:
        The code, (C,).
    """
    code = torch.zeros(module.codes.embedding_dim, device=places.device, requires_grad=True)
    optimizer = torch.optim.Adam([code], lr=RATE)
    aim = distances.clamp(-CLAMP, CLAMP)
    with torch.enable_grad():
        for _ in range(STEPS):
            told = module.decode(code.expand(len(places), -1), places).clamp(-CLAMP, CLAMP)
            loss = (told - aim).abs().mean() + PRIOR * code.square().sum()
            (code.grad,) = torch.autograd.grad(loss, code)
            optimizer.step()
    return code.detach()


def _filled(module: Occupancy, live: LiveModel, number: int, resolution: int, seed: int) -> _Made:
    """Return the surface on which an occupancy network is undecided."""
    data = load(live.data, seed=seed)
    count = len(data.x_train) + len(data.x_test)
    row = _row(number, len(data.x_test), live.data)
    solid = placed(seed, count, _knob(shapes3d_inside, live.data, "stretch"))[
        int(hold_out(np.empty((count, 1)), "numbers")[1][row])
    ]
    device = next(module.parameters()).device
    with torch.no_grad():
        code = module.encode(torch.from_numpy(data.x_test[row : row + 1, : module.points]).to(device))
        values = _asked(lambda q: -module.decode(code, q[None])[0], resolution, device)
    inside = solid.inside(_corners(resolution)).reshape(values.shape)
    return _Made(
        geometry=_surface(values, f"{live.title}, {live.data}[test:{row}]"),
        given=f"{live.data}[test:{row}], {solid.name}",
        true=solid.surface(np.random.default_rng([seed, 6]), SAMPLES),
        iou=_iou(values < 0, inside),
        side=resolution,
    )


def _measured(module: DeepSdf, live: LiveModel, number: int, resolution: int, seed: int) -> _Made:
    """Return the surface at distance 0 that DeepSDF tells."""
    known = module.codes.num_embeddings
    shape = drawn_shapes(seed, _row(number, 1_000_000, live.data) + 1)[number]
    device = next(module.parameters()).device
    if number < known:
        code = module.codes.weight[number].detach()
    else:
        samples = _knob(shapes3d_distance, live.data, "samples")
        places = near_surface(shape, np.random.default_rng([seed, 7]), samples, BOX, BLUR)
        asked, told = (torch.from_numpy(one.astype(np.float32)).to(device) for one in (places, shape(places)))
        code = searched_code(module, asked, told[:, None])
    with torch.no_grad():
        values = _asked(lambda q: module.decode(code.expand(len(q), -1), q)[:, 0], resolution, device)
    right = shape(_corners(resolution).astype(np.float64)).reshape(values.shape)
    return _Made(
        geometry=_surface(values, f"{live.title}, shape {number}"),
        given=f"shape {number} of {live.data}",
        true=_on_surface(shape, seed),
        iou=_iou(values < 0, right < 0),
        side=resolution,
        error=float(np.abs(values.clip(-CLAMP, CLAMP) - right.clip(-CLAMP, CLAMP)).mean()),
        unseen=number >= known,
    )


def _laid(module: AtlasNet, live: LiveModel, number: int, seed: int) -> _Made:
    """Return the sheets that AtlasNet lays, each cut into triangles."""
    data = load(live.data, seed=seed)
    row = _row(number, len(data.x_test), live.data)
    device = next(module.parameters()).device
    line = torch.linspace(0, 1, SHEET + 1, device=device)
    with torch.no_grad():
        code = module.encode(torch.from_numpy(data.x_test[row : row + 1]).to(device))
        sheets = module.decode(code, torch.cartesian_prod(line, line)[None])[0].cpu().numpy()
    at = np.arange((SHEET + 1) ** 2).reshape(SHEET + 1, SHEET + 1)
    a, b, c, d = (part.ravel() for part in (at[:-1, :-1], at[1:, :-1], at[1:, 1:], at[:-1, 1:]))
    cells = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    faces = np.concatenate([cells + at.size * patch for patch in range(len(sheets))])
    geometry = geometry_of(
        sheets.reshape(-1, 3),
        title=f"{live.title}, {live.data}[test:{row}]",
        faces=faces,
        channels={"patch": np.repeat(np.arange(len(sheets)), at.size)},
        up="y",
    )
    return _Made(geometry=geometry, given=f"{live.data}[test:{row}]", true=np.asarray(data.x_test[row]))


def _knob(maker: Callable[..., Dataset], data: str, knob: str) -> Any:
    """Return the value of a knob with which a data set was made."""
    name, told = split_knobs("data set", data)
    return (open_knobs(maker) | settle_knobs(name, maker, told))[knob]


def _row(number: int, count: int, data: str) -> int:
    """Return the number, refused where there is no such row."""
    if not 0 <= number < count:
        raise UsageError(f"there is no shape {number} held out in {data}: expected 0 … {count - 1}")
    return number


def _corners(resolution: int) -> Floats:
    """Return the corners of a grid over the box, x slowest, (G³, 3)."""
    line = np.linspace(-BOX, BOX, resolution + 1, dtype=np.float32)
    return np.stack(np.meshgrid(line, line, line, indexing="ij"), axis=-1).reshape(-1, 3)


def _asked(field: Callable[[Tensor], Tensor], resolution: int, device: torch.device) -> Floats:
    """Return what a field tells on the corners of a grid, (G, G, G)."""
    places = torch.from_numpy(_corners(resolution)).to(device)
    told = torch.cat([field(part) for part in torch.split(places, CHUNK)])
    return told.cpu().numpy().reshape((resolution + 1,) * 3)


def _surface(values: Floats, title: str) -> Geometry:
    """Return where a field is 0."""
    if not (values < 0).any() or not (values >= 0).any():
        raise DltuiError(
            f"{title}: the field has the same sign everywhere, so there is no surface: train it longer"
        )
    step = np.full(3, 2 * BOX / (values.shape[0] - 1))
    vertices, faces = marching_cubes(values, np.full(3, -BOX), step)
    return geometry_of(vertices, title=title, faces=faces, up="y")


def _on_surface(shape: Distance, seed: int) -> Floats:
    """Return points of the surface that a distance tells of."""
    places = near_surface(shape, np.random.default_rng([seed, 6]), SAMPLES, BOX, 0.0)
    return places[np.abs(shape(places)) < 1e-3].astype(np.float32)


def _iou(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Return the share of the places in either that are in both."""
    return float((one & other).sum() / max(int((one | other).sum()), 1))
