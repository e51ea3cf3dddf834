"""What is broken on purpose in the exhibits on shapes and scenes: a line each."""

from __future__ import annotations

from tests.lab.breaking import Break

BREAKS: tuple[Break, ...] = (
    Break("implicit-level-set", "scene3d.level_sets:contour", lambda right: lambda values, *rest: right(values + 0.1, *rest), "cut-is-the-circles"),
    Break("sdf-csg", "dltui.scene.sdf.joins:Union.at", lambda right: lambda self, x, y, z, *m: right(self, x, y, z, *m) + 0.1, "unit-balls-at-two-places"),
    Break("marching-cubes", "dltui.scene.cells:Crossing.share", lambda right: property(lambda self: 0.5), "a-quarter-of-the-way"),
    Break("octree-voxels", "scene3d.cells:neighbours", lambda right: lambda cells, side: right(cells, side)[:, ::-1], "sparse-is-dense"),
    Break("cloud-distance", "scene3d.cloud_pairs:assignment", lambda right: lambda cost: cost.argmin(axis=1), "chamfer-does-not-see-density"),
    Break("ray-volume", "dltui.scene.nerf.composite:weights", lambda right: lambda sigma, samples: -(-sigma * samples.step).expm1(), "ray-of-the-notes"),
)  # fmt: skip
