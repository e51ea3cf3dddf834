"""What is broken on purpose in the exhibits on shapes and scenes: a line each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.lab.breaking import Break

BREAKS: tuple[Break, ...] = (
    Break("cloud-scan", "scene3d.scans:depth_points", lambda right: lambda depth, hints, **more: right(depth, replace(hints, intrinsics=tuple(np.add(hints.intrinsics, (0, 0, 0.5, 0.5)))), **more), "pixels-come-back"),
    Break("cloud-scan", "dltui.scene.points.registration:rigid", lambda right: lambda one, other: right(other, one), "error-never-grows"),
    Break("gaussian-splats", "scene3d.splats:nearest_first", lambda right: lambda flat: right(flat).flip(0), "blending-is-the-formula"),
    Break("gaussian-splats", "scene3d.splats:project", lambda right: lambda splats, camera: right(replace(splats, log_scale=0.9 * splats.log_scale), camera), "projection-of-a-blob"),
    Break("nerf-live", "dltui.scene.nerf.classic:waves", lambda right: lambda values, octaves: right(values, 0).repeat(1, 1 + 2 * octaves), "unseen-views-come-out"),
    Break("nerf-live", "scene3d.nerf:weights", lambda right: lambda sigma, samples: right(sigma.detach(), samples), "gradient-reaches-both-heads"),
    Break("part-programs", "scene3d.programs:contacts", lambda right: lambda parts, *more: right(parts, *more)[1:], "four-legs-touch-the-seat"),
    Break("part-programs", "dltui.scene.parts:attached", lambda right: lambda part, other, *more: replace(right(part, other, *more), middle=tuple(np.add(right(part, other, *more).middle, (0, 0, -0.01)))), "three-lines-make-a-table-leg"),
    Break("part-programs", "dltui.scene.parts:_settled", lambda right: lambda places, kind: (tuple(0.9 * np.array(right(places, kind)[0])), right(places, kind)[1]), "primitives-come-back"),
    Break("patch-decoder", "scene3d.sheets:spaced", lambda right: lambda count: 0.5 * right(count), "more-patches-come-nearer"),
    Break("patch-decoder", "scene3d.sheets:assignment", lambda right: lambda cost: right(-cost), "one-to-one-is-the-least"),
    Break("view-cnn", "dltui.models.mvcnn:Mvcnn.forward", lambda right: lambda self, x: right(self, x * (1 + 0.05 * x.new_ones(1, x.shape[1], *[1] * (x.ndim - 2)).cumsum(1))), "order-of-views-is-free"),
    Break("view-cnn", "dltui.models.mvcnn:Mvcnn.forward", lambda right: lambda self, x: right(self, x.mean(dim=1, keepdim=True)), "pooling-takes-the-largest"),
)  # fmt: skip
