"""Clouds, meshes and traced solids beside plotui, trimesh, plyfile, torch and scipy: processor time, one run.

    python tests/benchmarks/bench_scene.py [--rounds 5] [--rows P1 P2 P3 P4 P5 P10 P11 N] [--millions 10]

All peers take turns in one process with one thread, round after round, on shapes that dltui makes itself (points over
a torus, its mesh); each figure is the least over the rounds. A peer that is not installed is left out. plotui draws
discs and does more per point: the claim is a frame of the same cloud at the same size. Nothing here fails a build.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("LP_NUM_THREADS", "0")  # Mesa draws in the calling thread
os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")

import numpy as np  # noqa: E402
from table import Goal, head, row, times  # noqa: E402

from dltui.draw import Depth, Look, View, draw  # noqa: E402
from dltui.draw.recording import Recording  # noqa: E402
from dltui.draw.scene.drawing import front_of, picture  # noqa: E402
from dltui.draw.scene.eye import eye_of  # noqa: E402
from dltui.draw.scene.front import Front  # noqa: E402
from dltui.figures import Scene  # noqa: E402
from dltui.scene.cameras import Camera, around  # noqa: E402
from dltui.scene.ply import read_ply  # noqa: E402
from dltui.scene.points.neighbours import Tree  # noqa: E402
from dltui.scene.read import read_geometry  # noqa: E402
from dltui.scene.sdf.trace import CLOSE, normals, trace  # noqa: E402
from dltui.scene.surface import picture as traced  # noqa: E402
from dltui.scene.tracer import csg_table, shoot  # noqa: E402
from dltui.scene.write import write_geometry  # noqa: E402

SIZE, GRAIN = (160, 50), (2, 4)  # cells, and pixels of each: 320 × 200
LOOK = Look(width=SIZE[0], height=SIZE[1], depth=Depth.TRUE)


def peer(name: str) -> Any:
    """Return a module, or None where it is not installed."""
    with suppress(ImportError):
        return import_module(name)
    return None


def least(works: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the least processor seconds of each, taken in turns."""
    found = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            started = time.process_time()
            work()
            found[name] = min(found[name], time.process_time() - started)
    return found


def cloud(count: int) -> Scene:
    """Return points spread over a torus in random order."""
    some = read_geometry(f"torus:n={min(count, 1_000_000)}", points=True).vertices
    if count > len(some):  # the same ones again, moved by less than a pixel
        numbers = np.random.default_rng(0)
        parts = [some + numbers.normal(0, 1e-3, (1, 3)).astype(np.float32) for _ in range(count // len(some))]
        some = np.concatenate(parts)[numbers.permutation(count)]
    return Scene(title="", points=some)


def naive(points: np.ndarray, view: View, figure: Scene) -> np.ndarray:
    """Return ids as one writes it first: float64, rows of three, everything sorted from behind."""
    eye = eye_of(figure, view, SIZE, GRAIN)
    seen = np.concatenate([points.astype(float), np.ones((len(points), 1))], axis=1) @ eye.matrix.T.astype(
        float
    )
    column, line = (seen[:, :2] / seen[:, 2:]).T
    inside = (
        (column >= 0) & (column < eye.width) & (line >= 0) & (line < eye.height) & (seen[:, 2] > eye.near)
    )
    order = np.argsort(-seen[inside, 2], kind="stable")
    ids = np.full((eye.height, eye.width), -1)
    ids[line[inside][order].astype(int), column[inside][order].astype(int)] = np.flatnonzero(inside)[order]
    return ids


def vtk_frames(points: np.ndarray, width: int, height: int) -> Callable[[], object] | None:
    """Return what draws points by VTK into memory, turned a little each time, or None where it can't."""
    vtk = peer("vtk")
    if vtk is None:
        return None
    support = import_module("vtk.util.numpy_support")
    places, verts, data = vtk.vtkPoints(), vtk.vtkCellArray(), vtk.vtkPolyData()
    places.SetData(support.numpy_to_vtk(points))
    verts.SetData(1, support.numpy_to_vtkIdTypeArray(np.arange(len(points), dtype=np.int64)))
    data.SetPoints(places)
    data.SetVerts(verts)
    mapper, actor, scene = vtk.vtkPolyDataMapper(), vtk.vtkActor(), vtk.vtkRenderer()
    mapper.SetInputData(data)
    actor.SetMapper(mapper)
    actor.GetProperty().SetPointSize(1)
    scene.AddActor(actor)
    window = vtk.vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetMultiSamples(0)
    window.SetSize(width, height)
    window.AddRenderer(scene)
    window.Render()

    def frame() -> Any:
        scene.GetActiveCamera().Azimuth(5)
        window.Render()
        grab = vtk.vtkWindowToImageFilter()
        grab.SetInput(window)
        grab.Update()
        return support.vtk_to_numpy(grab.GetOutput().GetPointData().GetScalars())

    return frame if frame().any() else None


def p1(rounds: int, millions: int) -> None:
    """Frames of one and ten million points."""
    plotui = peer("plotui")
    goals = {1: (15, 21, 8, 11), millions: (15, 33, 35, 47)}
    for size, (must, aim, must_naive, aim_naive) in goals.items():
        figure = cloud(size * 1_000_000)
        view, points = View(), np.asarray(figure.points)
        columns = figure.columns
        eye = eye_of(figure, view, SIZE, GRAIN)

        def ours(eye: Any = eye, columns: Any = columns) -> object:
            front = Front(eye.width, eye.height)
            front.put_points(columns, eye)
            return front

        works: dict[str, Callable[[], object]] = {
            "ours": ours,
            "numpy as first written": lambda p=points, f=figure: naive(p, View(), f),
        }
        if plotui is not None:
            plot = plotui.Plot()
            plot.add_scatter3d(*(np.ascontiguousarray(points[:, i]) for i in range(3)), color=(200, 200, 200))
            works["plotui"] = lambda plot=plot, eye=eye: plot.render_rgba(eye.width, eye.height)
        theirs = vtk_frames(points, eye.width, eye.height)
        if theirs is not None:
            works["vtk, llvmpipe"] = theirs
        found = least(works, max(2, rounds // (2 if size > 1 else 1)))
        row("P1", f"{size}M points, one frame", "", f"{1000 * found['ours']:.1f} ms", None, found["ours"])
        for name, goal in (
            ("plotui", Goal(must, aim)),
            ("vtk, llvmpipe", Goal(40, 68 if size == 1 else 104)),
            ("numpy as first written", Goal(must_naive, aim_naive)),
        ):
            if name in found:
                ratio = found[name] / found["ours"]
                row("P1", f"{size}M points, one frame", name, times(ratio), goal, ratio)


def p2(count: int = 20_000) -> None:
    """Depth and id against a loop over all points, one by one."""
    figure = cloud(count)
    front, eye = front_of(Scene(title="", points=figure.points, size=1), View(azimuth=17), SIZE, GRAIN)
    seen = eye.see(figure.columns)
    far = np.full((eye.height, eye.width), np.inf, np.float32)
    ids = np.full((eye.height, eye.width), -1)
    for i, (column, line, away) in enumerate(seen.T):
        if 0 <= column < eye.width and 0 <= line < eye.height and away < far[int(line), int(column)]:
            far[int(line), int(column)], ids[int(line), int(column)] = away, i
    wrong = int((front.number != ids).sum() + (front.distance != far).sum())
    row(
        "P2",
        f"pixels unlike a scalar loop, {count:,} points",
        "python loop",
        str(wrong),
        Goal(0, 0, less=True),
        wrong,
    )


def p3(rounds: int, millions: int) -> None:
    """A frame while ten million points move, and the exact one afterwards; shading included."""
    figure = cloud(millions * 1_000_000)
    assert figure.columns is not None
    moving = Look(width=SIZE[0], height=SIZE[1], depth=Depth.TRUE, budget=400_000)
    views = iter(View(azimuth=float(i)) for i in range(1000))
    works = {
        "moving": lambda: picture(figure, moving, next(views), SIZE, GRAIN),
        "exact": lambda: picture(figure, LOOK, next(views), SIZE, GRAIN),
    }
    works["moving"]()
    found = least(works, rounds)
    for name, must, aim in (("moving", 33, 8), ("exact", 100, 58)):
        value = 1000 * found[name]
        row("P3", f"{millions}M points, {name}", "", f"{value:.1f} ms", Goal(must, aim, less=True), value)


def p4(rounds: int) -> None:
    """Meshes of 871,000 and of 48,000 faces, lit."""
    for faces, must, aim in ((871_000, 80, 62), (48_000, 12, 7.6)):
        made = read_geometry(f"torus:n={faces // 2}")
        figure = Scene(title="", vertices=made.vertices, faces=made.faces)
        works = {"frame": lambda f=figure: picture(f, LOOK, View(), SIZE, GRAIN)}
        works["frame"]()
        value = 1000 * least(works, rounds)["frame"]
        row("P4", f"{len(made.faces):,} faces, lit", "", f"{value:.1f} ms", Goal(must, aim, less=True), value)


class Torch:
    """The functions that distances are made of, over torch."""

    def __init__(self) -> None:
        import torch

        self.torch = torch
        self.least, self.most = self._with(torch.minimum, "max"), self._with(torch.maximum, "min")
        self.root, self.size, self.sin, self.cos = torch.sqrt, torch.abs, torch.sin, torch.cos
        self.whole, self.where, self.clip = torch.round, torch.where, torch.clamp

    def _with(self, both: Any, bound: str) -> Any:
        """Return a function of two tensors, or of one and a number."""
        clamp = self.torch.clamp
        return lambda a, b: clamp(a, **{bound: b}) if isinstance(b, float) else both(a, b)


def all_rays(node: Any, origin: Any, way: Any, near: float, maths: Any, steps: int = 96) -> Any:
    """Follow all rays for so many steps, as one writes it first: returns distances, and which have arrived."""
    t = 0 * origin[0]
    there = t > 0
    for _ in range(steps):
        gap = node.at(*(origin[i] + t * way[i] for i in range(3)), maths)
        there = there | (gap < near)
        t = maths.where(there, t, t + gap)
    return t, there


def p5(rounds: int) -> None:
    """Solids traced at 160 × 100: csg-table from eight places around it."""
    import torch

    from dltui.scene.sdf.maths import NUMPY

    torch.set_num_threads(1)
    stage, peer_maths = csg_table(), Torch()
    node, near = stage.node, CLOSE * stage.reach
    cameras = [Camera(c.pose, 160, 100, c.fx, c.fy, 80, 50) for c in around(8, distance=3.2, size=100)]
    angles = [(45.0 * i, 10.0 + 8 * i) for i in range(8)]
    rays = [c.rays() for c in cameras]

    def lit(origin: Any, way: Any) -> Any:
        """Return what the lamp of a camera shows, without shadows."""
        seen = trace(node, origin, way, reach=stage.reach)
        hits = np.flatnonzero(seen.hit)
        normal = normals(node, origin[:, hits] + seen.distance[hits] * way[:, hits], near)
        light = np.zeros(seen.hit.size, np.float32)
        light[hits] = np.abs((normal * way[:, hits]).sum(axis=0))
        return light

    def torch_all() -> None:
        for origin, way in rays:
            all_rays(node, torch.from_numpy(origin), torch.from_numpy(way), near, peer_maths)

    works: dict[str, Callable[[], object]] = {
        "lit": lambda: [lit(*both) for both in rays],
        "shadow": lambda: [traced(node, stage.reach, *angle, size=(160, 100)) for angle in angles],
        "colours": lambda: [shoot(stage, camera, grid=1) for camera in cameras],
        "rays": lambda: [trace(node, origin, way, reach=stage.reach) for origin, way in rays],
        "torch": torch_all,
    }
    works["lit"]()
    found = {name: seconds / 8 for name, seconds in least(works, max(2, rounds)).items()}
    for name, what, goal in (
        ("lit", "lit", Goal(100, 147)),
        ("shadow", "lit, with hard shadows", Goal(50, 75)),
        ("colours", "in colours with shadows, depth, normals", None),
    ):
        rate = 1 / found[name]
        row("P5", f"csg-table, {what}", "", f"{rate:.0f} frames/s", goal, rate)
    mine = [trace(node, origin, way, reach=stage.reach) for origin, way in rays]
    each = max(seen.evaluations / seen.hit.size for seen in mine)
    row("P5", "evaluations a pixel, most of 8 views", "", f"{each:.1f}", Goal(7, 5.9, less=True), each)
    unlike, apart = 0, 0.0
    for (origin, way), seen in zip(rays, mine, strict=True):
        with np.errstate(over="ignore", invalid="ignore"):  # rays past everything go on for ever
            far, there = all_rays(node, origin, way, near, NUMPY, 400)
        unlike = max(unlike, int((there != seen.hit).sum()))
        both = there & seen.hit
        apart = max(apart, float(np.abs(far - seen.distance)[both].max()))
    row("P5", "hits unlike those of all rays, most of 8 views", "numpy, 400 steps", str(unlike), Goal(2, 1, less=True),
        unlike)  # fmt: skip
    row("P5", "how far apart those of both are", "numpy, 400 steps", f"{apart:.4f}", None, apart)
    ratio = found["torch"] / found["rays"]
    row("P5", "rays to their ends", "torch, all rays, 96 steps", times(ratio), Goal(5, 7), ratio)


def p10(rounds: int, millions: int) -> None:
    """PLY as text beside trimesh and plyfile; many points in bytes to a first picture."""
    trimesh, plyfile = peer("trimesh"), peer("plyfile")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.ply"
        made = read_geometry("torus:n=437000")
        lines = [
            "ply\nformat ascii 1.0", f"element vertex {len(made.vertices)}", *(f"property float {a}" for a in "xyz"),
            f"element face {len(made.faces)}", "property list uchar int vertex_indices", "end_header",
            *(" ".join(f"{x:.9g}" for x in place) for place in made.vertices.tolist()),
            *(f"3 {a} {b} {c}" for a, b, c in made.faces.tolist()),
        ]  # fmt: skip
        path.write_text("\n".join(lines) + "\n")
        works: dict[str, Callable[[], object]] = {"ours": lambda: read_geometry(str(path))}
        if trimesh is not None:
            works["trimesh"] = lambda: trimesh.load(path, process=False)
        if plyfile is not None:
            works["plyfile"] = lambda: plyfile.PlyData.read(path)
        found = least(works, max(2, rounds // 2))
        mine = read_geometry(str(path))
        row("P10", f"text of {len(mine.faces):,} faces", "", f"{found['ours']:.2f} s", None, found["ours"])
        for name, goal in (("trimesh", Goal(4, 5.5)), ("plyfile", Goal(10, 15))):
            if name in found:
                ratio = found[name] / found["ours"]
                row("P10", f"text of {len(mine.faces):,} faces", name, times(ratio), goal, ratio)
        if trimesh is not None:
            theirs = trimesh.load(path, process=False)
            unlike = int(
                (theirs.vertices.astype(np.float32) != mine.vertices).sum()
                + (theirs.faces != mine.faces).sum()
            )
            row(
                "P10",
                "numbers unlike those of trimesh",
                "trimesh",
                str(unlike),
                Goal(0, 0, less=True),
                unlike,
            )
        large = Path(folder) / "b.ply"
        big = read_geometry("plane:n=1000")
        from dataclasses import replace

        write_geometry(
            replace(big, vertices=np.asarray(cloud(millions * 1_000_000).points), faces=big.faces[:0]), large
        )

        def first() -> object:
            vertex: Any = read_ply(large).elements["vertex"]
            some = np.stack(
                [vertex[axis][:: max(1, millions // 2)] for axis in "xyz"], axis=1
            )  # what is shown first
            return picture(Scene(title="", points=some), LOOK, View(), SIZE, GRAIN)

        value = least({"first": first}, rounds)["first"]
        row(
            "P10",
            f"{millions}M points in bytes, first picture",
            "",
            f"{value:.2f} s",
            Goal(0.3, 0.1, less=True),
            value,
        )
        value = least({"all": lambda: read_geometry(str(large))}, 2)["all"]
        row("P10", f"{millions}M points in bytes, all read and checked", "", f"{value:.2f} s", None, value)


def p11() -> None:
    """An orbit of sixty frames as a GIF."""
    figure = cloud(1_000_000)
    with tempfile.TemporaryDirectory() as folder:

        def orbit() -> None:
            recording = Recording()
            for i in range(60):
                recording.add(draw(figure, LOOK, View(azimuth=6.0 * i)).canvas, i / 15)
            recording.save(Path(folder) / "a.gif")

        value = least({"orbit": orbit}, 1)["orbit"]
    row("P11", "60 frames of 1M points as a GIF", "", f"{value:.2f} s", Goal(3, 2, less=True), value)


def neighbours(rounds: int) -> None:
    """Sixteen neighbours of 100,000 points, beside the compiled tree of scipy; told, and no goal."""
    spatial = peer("scipy.spatial")
    places = np.asarray(cloud(100_000).points, float)
    works: dict[str, Callable[[], object]] = {"ours": lambda: Tree(places).nearest(places, 16)}
    if spatial is not None:
        works["scipy"] = lambda: spatial.cKDTree(places).query(places, 16)
    found = least(works, rounds)
    row("N", "16 neighbours of 100,000 points", "", f"{found['ours']:.2f} s", None, found["ours"])
    if "scipy" in found:
        ratio = found["scipy"] / found["ours"]
        row("N", "16 neighbours of 100,000 points", "scipy, compiled", times(ratio), None, ratio)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", nargs="*", default=["P1", "P2", "P3", "P4", "P5", "P10", "P11", "N"])
    parser.add_argument("--millions", type=int, default=10)
    chosen = parser.parse_args()
    head(f"Clouds and meshes at 320 × 200, processor time of one thread, least of {chosen.rounds} rounds")
    works: dict[str, Callable[[], None]] = {
        "P1": lambda: p1(chosen.rounds, chosen.millions), "P2": p2,
        "P3": lambda: p3(chosen.rounds, chosen.millions), "P4": lambda: p4(chosen.rounds),
        "P5": lambda: p5(chosen.rounds), "P10": lambda: p10(chosen.rounds, chosen.millions), "P11": p11,
        "N": lambda: neighbours(chosen.rounds),
    }  # fmt: skip
    for name in chosen.rows:
        works[name]()


if __name__ == "__main__":
    main()
