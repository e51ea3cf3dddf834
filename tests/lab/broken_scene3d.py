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
    Break("cloud-distance", "scene3d.cloud_pairs:matching", lambda right: lambda cost: replace(right(cost), column_of=cost.argmin(axis=1)), "chamfer-does-not-see-density"),
    Break("ray-volume", "dltui.scene.nerf.composite:weights", lambda right: lambda sigma, samples: -(-sigma * samples.step).expm1(), "ray-of-the-notes"),
    Break("cloud-scan", "scene3d.scan_work:depth_points", lambda right: lambda depth, hints, **more: right(depth, replace(hints, intrinsics=tuple(np.add(hints.intrinsics, (0, 0, 0.5, 0.5)))), **more), "pixels-come-back"),
    Break("cloud-scan", "dltui.scene.points.registration:rigid", lambda right: lambda one, other: right(other, one), "error-never-grows"),
    Break("mesh-workshop", "scene3d.meshes:SPLITS[midpoint]", lambda right: lambda places, faces: (right(places, faces)[0], right(places, faces)[1][:-1]), "counts-of-the-notes"),
    Break("mesh-workshop", "scene3d.meshes:loop", lambda right: lambda places, faces: (0.9 * right(places, faces)[0], right(places, faces)[1]), "loops-weights"),
    Break("mesh-workshop", "scene3d.meshes:smoothed", lambda right: lambda places, faces, steps, kind: right(places, faces, steps, "Laplacian"), "smoothing-evens-out"),
    Break("parametric-patch", "scene3d.cloths:even", lambda right: lambda patch, count, numbers: tuple(numbers.random((2, count))), "points-crowd-at-the-poles"),
    Break("parametric-patch", "scene3d.patches:circle", lambda right: lambda r, t: right(r, t)[..., ::-1], "circle-and-sphere"),
    Break("bezier-nurbs", "scene3d.curves:bernstein", lambda right: lambda degree, t: right(degree, t) ** 1.1, "square-corners"),
    Break("bezier-nurbs", "scene3d.curves:rational", lambda right: lambda functions, weights: right(functions, 1 + 0 * weights), "exact-quarter-circle"),
    Break("repr-compare", "scene3d.comparing:inside", lambda right: lambda places, vertices, faces: right(places, vertices, faces[::2]), "parity-is-the-analytic-sphere"),
    Break("repr-compare", "scene3d.kinds:land", lambda right: lambda node, places: right(node, places, steps=1), "landing-ends-on-the-surface"),
    Break("repr-compare", "scene3d.comparing:spread", lambda right: lambda mesh, count, seed: replace(mesh, vertices=mesh.vertices[mesh.faces[np.random.default_rng(0).integers(len(mesh.faces), size=count)]].mean(axis=1)), "samples-follow-area"),
    Break("gaussian-splats", "scene3d.splats_fit:nearest_first", lambda right: lambda flat: right(flat).flip(0), "blending-is-the-formula"),
    Break("gaussian-splats", "scene3d.splats_fit:project", lambda right: lambda splats, camera: right(replace(splats, log_scale=0.9 * splats.log_scale), camera), "projection-of-a-blob"),
    Break("nerf-live", "dltui.scene.nerf.classic:waves", lambda right: lambda values, octaves: right(values, 0).repeat(1, 1 + 2 * octaves), "unseen-views-come-out"),
    Break("nerf-live", "scene3d.nerf_work:weights", lambda right: lambda sigma, samples: right(sigma.detach(), samples), "gradient-reaches-both-heads"),
    Break("pointnet-court", "dltui.models.pointnet:MaxOverPoints.forward", lambda right: lambda self, h: right(self, h) + h[:, 0], "order-counts-for-nothing"),
    Break("point-labels", "dltui.models.pointnet2:farthest_points", lambda right: lambda x, count: right(x, count + 3)[:, 3:], "farthest-points-are-farthest"),
    Break("neural-implicit", "scene3d.implicit_nets:near_surface", lambda right: lambda shape, *given: 0.8 * right(shape, *given), "half-is-completed"),
    Break("part-programs", "scene3d.programs_work:contacts", lambda right: lambda parts, *more: right(parts, *more)[1:], "four-legs-touch-the-seat"),
    Break("part-programs", "dltui.scene.parts:attached", lambda right: lambda part, other, *more: replace(right(part, other, *more), middle=tuple(np.add(right(part, other, *more).middle, (0, 0, -0.01)))), "three-lines-make-a-table-leg"),
    Break("part-programs", "dltui.scene.parts:_settled", lambda right: lambda places, kind: (tuple(0.9 * np.array(right(places, kind)[0])), right(places, kind)[1]), "primitives-come-back"),
    Break("voxel-cnn", "scene3d.voxel_nets:Sorter.features", lambda right: lambda self, x: [one[..., 1:] for one in right(self, x)], "a-third-axis-makes-27-of-9"),
    Break("patch-decoder", "scene3d.sheets:spaced", lambda right: lambda count: 0.5 * right(count), "more-patches-come-nearer"),
    Break("patch-decoder", "scene3d.sheets:assignment", lambda right: lambda cost: right(-cost), "one-to-one-is-the-least"),
    Break("view-cnn", "dltui.models.mvcnn:Mvcnn.forward", lambda right: lambda self, x: right(self, x * (1 + 0.05 * x.new_ones(1, x.shape[1], *[1] * (x.ndim - 2)).cumsum(1))), "order-of-views-is-free"),
    Break("view-cnn", "dltui.models.mvcnn:Mvcnn.forward", lambda right: lambda self, x: right(self, x.mean(dim=1, keepdim=True)), "pooling-takes-the-largest"),
)  # fmt: skip
