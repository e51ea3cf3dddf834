"""One shape as cloud, mesh, patch, signed distance and voxels, and what each of them answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from dltui.draw import Depth, Look, draw
from dltui.figures import Array, Scene
from dltui.lab.scene3d.cloths import Cloth, cloth, grid
from dltui.lab.scene3d.rooms import Doubles
from dltui.scene.crossings import Crossings, inside
from dltui.scene.geometry import Geometry
from dltui.scene.made import even, made
from dltui.scene.points.neighbours import Tree
from dltui.scene.points.thinning import lots, spread
from dltui.scene.sdf.nodes import Node
from dltui.scene.sdf.parse import parse
from dltui.scene.sdf.trace import Landed, land, trace
from dltui.scene.voxels import occupied, shell

Pace = dict[str, tuple[float | None, ...]]  # None where there is no answer
KINDS = ("cloud", "mesh", "patch", "SDF", "voxels")
ASKED = 1000  # places whether inside, and points on the surface
REACH = 1.0  # half the side of the cube
MANY = 100  # points a triangle, in the mean, by which their density is told
PANE = (80, 48)  # rays of a traced picture


@dataclass(frozen=True)
class Spelled:
    """How a shape is written down.

    Attributes:
        distance: Its signed distance.
        formula: x, y and z in u and v.
        made: A made shape.
        scale: By what that is multiplied.
    """

    distance: str
    formula: str
    made: str
    scale: float


SHAPES = {
    "sphere": Spelled("sphere(.8)", ".8*cos(u)*cos(v); .8*sin(u)*cos(v); .8*sin(v)", "sphere:", 0.8),
    "torus": Spelled(
        "torus(.6, .24)",
        "(.6 + .24*cos(2*v))*cos(u); (.6 + .24*cos(2*v))*sin(u); .24*sin(2*v)",
        "torus:tube=.4,",
        0.6,
    ),
    "ellipsoid": Spelled(
        "ellipsoid(.9, .6, .5)",
        ".9*cos(u)*cos(v); .6*sin(u)*cos(v); .5*sin(v)",
        "ellipsoid:a=.9,b=.6,c=.5,",
        1.0,
    ),
}


@dataclass(frozen=True, eq=False)
class Five:
    """A shape in five ways.

    Attributes:
        name: The shape.
        resolution: Cells of the voxels either way; cloud and mesh have about twice its square of points.
        seed: Seed of all draws.
    """

    name: str
    resolution: int
    seed: int

    @property
    def spelled(self) -> Spelled:
        """How it is written down."""
        return SHAPES[self.name]

    @cached_property
    def cloud(self) -> Geometry:
        """Points with normals."""
        return self._made(points=True)

    @cached_property
    def mesh(self) -> Geometry:
        """Triangles."""
        return self._made(points=False)

    @property
    def patch(self) -> Cloth:
        """A formula of u and v."""
        return cloth(self.spelled.formula)

    @property
    def node(self) -> Node:
        """A formula of x, y and z."""
        return parse(self.spelled.distance)

    @cached_property
    def voxels(self) -> NDArray[np.bool_]:
        """Which cells are full."""
        return occupied(self.node, reach=REACH, side=self.resolution)

    @cached_property
    def bits(self) -> NDArray[np.uint8]:
        """The cells, eight a byte."""
        return np.packbits(self.voxels)

    @property
    def bytes(self) -> list[int]:
        """What each way keeps, by the sizes of its arrays or the length of its formula."""
        return [
            self.cloud.vertices.nbytes,
            self.mesh.vertices.nbytes + self.mesh.faces.nbytes,
            len(self.spelled.formula.encode()),
            len(self.spelled.distance.encode()),
            self.bits.nbytes,
        ]

    @cached_property
    def asked(self) -> Doubles:
        """Places in the cube, shape (1000, 3)."""
        return np.random.default_rng([self.seed, 1]).uniform(-REACH, REACH, (ASKED, 3))

    @cached_property
    def crossed(self) -> tuple[NDArray[np.bool_], Crossings]:
        """Which of them lie inside the mesh by parity, and the crossings of their rays."""
        return inside(self.asked, self.mesh.vertices, self.mesh.faces)

    @cached_property
    def landed(self) -> Landed:
        """Random places brought onto the signed distance's surface."""
        places = np.random.default_rng([self.seed, 2]).uniform(-REACH, REACH, (ASKED, 3))
        return land(self.node, places)

    def sampled(self, kind: str) -> Doubles:
        """Return points of the surface, as each way gives them, shape (1000, 3)."""
        numbers = np.random.default_rng([self.seed, 3])
        if kind == "cloud":
            return self.cloud.vertices[numbers.integers(len(self.cloud.vertices), size=ASKED)].astype(
                np.float64
            )
        if kind == "mesh":
            return spread(self.mesh, ASKED, self.seed).vertices.astype(np.float64)
        if kind == "patch":
            u, v = even(self.patch.patch, ASKED, numbers)
            return np.asarray(self.patch.patch.at(u, v))
        if kind == "SDF":
            return self.landed.places
        return self._beside(numbers)

    @cached_property
    def crowding(self) -> tuple[Doubles, Doubles]:
        """How densely points drawn from the mesh lie on each triangle, 1 in the mean: by area, and each as often."""
        corners = self.mesh.vertices.astype(np.float64)[self.mesh.faces]
        area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
        count = MANY * len(area)
        by_area, by_triangle = (
            np.bincount(lots(each, count, np.random.default_rng([self.seed, 4])), minlength=len(area))
            / (count * area / area.sum())
            for each in (area, np.ones(len(area)))
        )
        return by_area, by_triangle

    def verdict(self, kind: str) -> NDArray[np.bool_] | None:
        """Return which of the places asked about lie inside; None where there is no such test."""
        if kind == "cloud":
            _, number = Tree(self.cloud.vertices).nearest(self.asked)
            assert self.cloud.normals is not None
            off = self.asked - self.cloud.vertices[number[:, 0]]
            return np.asarray(np.einsum("ij,ij->i", off, self.cloud.normals[number[:, 0]]) < 0)
        if kind == "mesh":
            return self.crossed[0]
        if kind == "patch":
            return None
        if kind == "SDF":
            return np.asarray(self.node(self.asked) < 0)
        cell = np.minimum(
            ((self.asked + REACH) * self.resolution / (2 * REACH)).astype(int), self.resolution - 1
        )
        return np.asarray(self.voxels[cell[:, 0], cell[:, 1], cell[:, 2]])

    def _beside(self, numbers: np.random.Generator) -> Doubles:
        """Return middles of outer faces of full cells."""
        vertices, faces, _ = shell(self.voxels, reach=REACH)
        if not len(faces):
            return np.full((ASKED, 3), np.nan)
        chosen = numbers.integers(len(vertices) // 4, size=ASKED)
        return np.asarray(vertices.reshape(-1, 4, 3)[chosen].mean(axis=1))

    def _made(self, *, points: bool) -> Geometry:
        found = made(f"{self.spelled.made}n={2 * self.resolution**2}", seed=self.seed, points=points)
        return replace(found, vertices=found.vertices * np.float32(self.spelled.scale))

    def tiled(self) -> tuple[Doubles, Array]:
        """Return the patch cut into triangles."""
        a, b = grid(2 * self.resolution, self.resolution)
        places = self.patch.places(a, b).reshape(-1, 3)
        corner = np.arange(a.size).reshape(a.shape)
        quads = [
            part.ravel() for part in (corner[:-1, :-1], corner[1:, :-1], corner[1:, 1:], corner[:-1, 1:])
        ]
        return places, np.concatenate([np.stack(quads[:3], axis=1), np.stack([quads[0], *quads[2:]], axis=1)])

    def scene(self, kind: str) -> Scene:
        """Return a picture of one way; the signed distance has none that is not traced."""
        if kind == "cloud":
            return Scene(points=self.cloud.vertices)
        if kind == "mesh":
            return Scene(vertices=self.mesh.vertices, faces=self.mesh.faces)
        vertices, faces = self.tiled() if kind == "patch" else shell(self.voxels, reach=REACH)[:2]
        return Scene(vertices=vertices.astype(np.float32), faces=faces.astype(np.int32))

    def seen(self, kind: str) -> None:
        """Draw one way."""
        if kind == "SDF":
            across, down = np.meshgrid(*(np.linspace(-1, 1, count, dtype=np.float32) for count in PANE))
            origin = np.stack([across.ravel(), np.full(across.size, -3, np.float32), down.ravel()])
            way = np.repeat(np.array([[0], [1], [0]], np.float32), across.size, axis=1)
            trace(self.node, origin, way, reach=max(REACH, self.node.reach))
        else:
            draw(self.scene(kind), Look(width=80, height=24, depth=Depth.TRUE))


@lru_cache(maxsize=16)
def five(name: str, resolution: int, seed: int) -> Five:
    """Return a shape in five ways."""
    return Five(name, resolution, seed)


@lru_cache(maxsize=16)
def timed(name: str, resolution: int, seed: int) -> tuple[Five, Pace]:
    """Return a shape in five ways, made anew, and milliseconds of making, drawing, sampling and asking each of them."""
    one = Five(name, resolution, seed)
    makers: tuple[Callable[[], object], ...] = (
        lambda: one.cloud, lambda: one.mesh, lambda: cloth(one.spelled.formula), lambda: one.node,
        lambda: one.voxels,
    )  # fmt: skip
    return one, {
        "make it": tuple(_took(maker) for maker in makers),
        "draw it": tuple(_took(partial(one.seen, kind)) for kind in KINDS),
        "1000 points of it": tuple(_took(partial(one.sampled, kind)) for kind in KINDS),
        "1000 × inside?": tuple(
            None if kind == "patch" else _took(partial(one.verdict, kind)) for kind in KINDS
        ),
    }


def _took(work: Callable[[], object]) -> float:
    """Return the milliseconds that something takes."""
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)
