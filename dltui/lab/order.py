"""In which order a family is read: that of the catalogue; exhibits that are not listed come after those that are."""

from __future__ import annotations

from collections.abc import Iterable

TOURS = {
    "byhand": (
        "neuron",
        "linear-layer",
        "mlp-forward",
        "linear-collapse",
        "activations",
        "dying-relu",
        "softmax",
        "output-heads",
        "cross-entropy",
        "ce-vs-mse",
        "binary-cross-entropy",
        "regression-losses",
        "hinge-loss",
        "loss-errors",
        "backprop-graph",
        "gates",
        "vector-jacobian",
        "gradient-check",
        "training-step",
        "accuracy-metrics",
    ),
    "geometry": (
        "two-weight-saddle",
        "critical-points",
        "taylor-overlay",
        "curvature-compass",
        "saddle-count",
        "stuck-points",
        "eigen-hunt",
        "hessian-spectrum",
        "landscape-slice",
        "flat-or-sharp",
        "ill-conditioned-stall",
        "feature-scale-valley",
        "chain-product",
        "gradient-thermometer",
        "blow-up-watch",
        "product-bound",
        "skip-highway",
        "identity-block",
        "degradation",
        "restart-spread",
    ),
    "optimisers": (
        "gd-descent",
        "lr-stability",
        "ravine-zigzag",
        "batch-race",
        "batch-counter",
        "noise-scale",
        "noise-escape",
        "momentum-ball",
        "moving-average",
        "adaptive-steps",
        "adam-trace",
        "optimiser-race",
        "lesser-known",
        "layerwise-rate",
        "lr-schedules",
        "warm-up",
        "newton-step",
        "newton-root",
        "clip-cliff",
    ),
    "scene3d": (
        "repr-compare",
        "cloud-scan",
        "mesh-workshop",
        "parametric-patch",
        "bezier-nurbs",
        "implicit-level-set",
        "sdf-csg",
        "marching-cubes",
        "octree-voxels",
        "view-cnn",
        "voxel-cnn",
        "pointnet-court",
        "point-labels",
        "cloud-distance",
        "patch-decoder",
        "neural-implicit",
        "ray-volume",
        "nerf-live",
        "gaussian-splats",
        "part-programs",
    ),
    "shapes": (
        "layer-shapes",
        "conv-output",
        "receptive-field",
        "small-kernels",
        "dense-vs-conv",
        "sequence-shapes",
        "input-encodings",
        "model-ledger",
        "lazy-and-shared",
        "broadcast-trace",
        "number-formats",
    ),
}


def in_order(family: str, names: Iterable[str]) -> list[str]:
    """Return exhibits of a family in teaching order.

    Args:
        family: The family.
        names: The exhibits there are.

    Returns:
        The same names; those that no tour knows come last, as they came.
    """
    places = {name: place for place, name in enumerate(TOURS.get(family, ()))}
    return sorted(names, key=lambda name: places.get(name, len(places)))
