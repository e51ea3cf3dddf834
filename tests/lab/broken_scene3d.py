"""What is broken on purpose in the exhibits on shapes and scenes: a line each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.lab.breaking import Break

BREAKS: tuple[Break, ...] = (
    Break("implicit-level-set", "scene3d.level_sets:contour", lambda right: lambda values, *rest: right(values + 0.1, *rest), "cut-is-the-circles"),
    Break("sdf-csg", "dltui.scene.sdf.joins:Union.at", lambda right: lambda self, x, y, z, *m: right(self, x, y, z, *m) + 0.1, "unit-balls-at-two-places"),
    Break("marching-cubes", "dltui.scene.cells:Crossing.share", lambda right: property(lambda self: 0.5), "a-quarter-of-the-way"),
    Break("octree-voxels", "scene3d.cells:neighbours", lambda right: lambda cells, side: right(cells, side)[:, ::-1], "sparse-is-dense"),
    Break("cloud-distance", "scene3d.cloud_pairs:assignment", lambda right: lambda cost: cost.argmin(axis=1), "chamfer-does-not-see-density"),
    Break("ray-volume", "dltui.scene.nerf.composite:weights", lambda right: lambda sigma, samples: -(-sigma * samples.step).expm1(), "ray-of-the-notes"),
    Break("cloud-scan", "scene3d.scans:depth_points", lambda right: lambda depth, hints, **more: right(depth, replace(hints, intrinsics=tuple(np.add(hints.intrinsics, (0, 0, 0.5, 0.5)))), **more), "pixels-come-back"),
    Break("cloud-scan", "dltui.scene.points.registration:rigid", lambda right: lambda one, other: right(other, one), "error-never-grows"),
    Break("mesh-workshop", "scene3d.meshes:SPLITS[midpoint]", lambda right: lambda places, faces: (right(places, faces)[0], right(places, faces)[1][:-1]), "counts-of-the-notes"),
    Break("mesh-workshop", "scene3d.meshes:loop", lambda right: lambda places, faces: (0.9 * right(places, faces)[0], right(places, faces)[1]), "loops-weights"),
    Break("mesh-workshop", "scene3d.meshes:smoothed", lambda right: lambda places, faces, steps, kind: right(places, faces, steps, "Laplacian"), "smoothing-evens-out"),
    Break("parametric-patch", "scene3d.patches:even", lambda right: lambda patch, count, numbers: tuple(numbers.random((2, count))), "points-crowd-at-the-poles"),
    Break("parametric-patch", "scene3d.patches:circle", lambda right: lambda r, t: right(r, t)[..., ::-1], "circle-and-sphere"),
    Break("bezier-nurbs", "scene3d.curves:bernstein", lambda right: lambda degree, t: right(degree, t) ** 1.1, "square-corners"),
    Break("bezier-nurbs", "scene3d.curves:rational", lambda right: lambda functions, weights: right(functions, 1 + 0 * weights), "exact-quarter-circle"),
    Break("repr-compare", "scene3d.comparing:inside", lambda right: lambda places, vertices, faces: right(places, vertices, faces[::2]), "parity-is-the-analytic-sphere"),
    Break("repr-compare", "scene3d.kinds:land", lambda right: lambda node, places: right(node, places, steps=1), "landing-ends-on-the-surface"),
    Break("repr-compare", "scene3d.comparing:spread", lambda right: lambda mesh, count, seed: replace(mesh, vertices=mesh.vertices[mesh.faces[np.random.default_rng(0).integers(len(mesh.faces), size=count)]].mean(axis=1)), "samples-follow-area"),
)  # fmt: skip
