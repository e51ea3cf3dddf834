"""What is broken on purpose in the exhibits on shapes and scenes: a line each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.lab.breaking import Break

BREAKS: tuple[Break, ...] = (
    Break("cloud-scan", "scene3d.scans:depth_points", lambda right: lambda depth, hints, **more: right(depth, replace(hints, intrinsics=tuple(np.add(hints.intrinsics, (0, 0, 0.5, 0.5)))), **more), "pixels-come-back"),
    Break("cloud-scan", "dltui.scene.points.registration:rigid", lambda right: lambda one, other: right(other, one), "error-never-grows"),
    Break("pointnet-court", "dltui.models.pointnet:MaxOverPoints.forward", lambda right: lambda self, h: right(self, h) + h[:, 0], "order-counts-for-nothing"),
    Break("point-labels", "dltui.models.pointnet2:farthest_points", lambda right: lambda x, count: right(x, count + 3)[:, 3:], "farthest-points-are-farthest"),
    Break("neural-implicit", "scene3d.implicit_nets:near_surface", lambda right: lambda shape, *given: 0.8 * right(shape, *given), "half-is-completed"),
)  # fmt: skip
