"""Recipes for clouds of points from ten shapes: told apart, filled, measured, and made again."""

from dltui.training.recipe import Optimizer, Recipe, Schedule
from dltui.training.recipes._registry import recipe


@recipe("shapes3d-pointnet")
def shapes3d_pointnet() -> Recipe:
    """PointNet on clouds of ten shapes: 99 % in half a minute."""
    return _falling("pointnet", "shapes3d", epochs=8)


@recipe("shapes3d-pointnet2")
def shapes3d_pointnet2() -> Recipe:
    """PointNet++ on clouds of ten shapes: 99 % in half a minute."""
    model = "pointnet2:width=24,radius=0.5,neighbours=32,centres=32,dropout=0"
    return _falling(model, "shapes3d", epochs=8, lr=2e-3)


@recipe("shapes3d-dgcnn")
def shapes3d_dgcnn() -> Recipe:
    """DGCNN on clouds of ten shapes, 128 points each: 97 % in a minute."""
    return _falling("dgcnn:neighbours=8,dropout=0", "shapes3d:points=128", epochs=8, lr=2e-3)


@recipe("shapes3d-voxnet")
def shapes3d_voxnet() -> Recipe:
    """VoxNet on clouds of ten shapes, as cells: 89 % in half a minute."""
    return _falling("voxnet", "shapes3d", epochs=16)


@recipe("shapes3d-occupancy")
def shapes3d_occupancy() -> Recipe:
    """Occupancy network on clouds of seven solids: 97 % of places told right in half a minute."""
    return _falling("occupancy", "shapes3d-inside", epochs=5, batch_size=16, loss="binary-cross-entropy")


@recipe("shapes3d-deepsdf")
def shapes3d_deepsdf() -> Recipe:
    """DeepSDF on the distances of twenty shapes: within 0.002 on average after a quarter of a minute."""
    return _falling("deepsdf", "shapes3d-distance", epochs=40, batch_size=256, lr=2e-3, loss="clamped-error")


@recipe("shapes3d-atlasnet")
def shapes3d_atlasnet() -> Recipe:
    """AtlasNet on clouds of ten shapes: squared Chamfer distance 0.023 in half a minute."""
    return _falling("atlasnet", "shapes3d-copy", epochs=12, loss="chamfer")


@recipe("shapes3d-mvcnn")
def shapes3d_mvcnn() -> Recipe:
    """MVCNN on pictures of ten shapes from six sides: 97 % in a quarter of a minute."""
    return _falling("mvcnn", "shapes3d-views", epochs=10, batch_size=16, lr=2e-3)


def _falling(
    model: str, data: str, *, epochs: int, batch_size: int = 32, lr: float = 1e-3, loss: str = "auto"
) -> Recipe:
    """Return a recipe by Adam, whose rate falls evenly to 0."""
    return Recipe(
        model=model,
        data=data,
        loss=loss,
        epochs=epochs,
        batch_size=batch_size,
        optimizer=Optimizer(name="adam", lr=lr),
        schedule=Schedule(name="linear"),
    )
