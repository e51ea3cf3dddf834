"""A shape as a ring of pictures, one network for all of them, and the largest value over the views."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dltui.data.solids import SOLIDS
from dltui.lab import Choice, Frame, Slider, Switch, exhibit
from dltui.lab.scene3d.choices import VIEWS

CLASSES = tuple(list(SOLIDS)[:6])


@exhibit(
    "view-cnn",
    family="scene3d",
    covers=("002c:mvcnn", "002c:view-pooling", "002c:virtual-cameras"),
    kin={
        "dltui train mvcnn --data shapes3d-views": "the same network on ten shapes, kept as a run",
        "dltui cloud FILE": "a cloud of your own, turned as the ring of cameras turns",
    },
    sources=(
        "Su, Maji, Kalogerakis and Learned-Miller 2015, arXiv:1505.00880",
        "Su, Gadelha, Wang and Maji 2018, arXiv:1809.00545",
    ),
)
def view_cnn(
    shape: Annotated[str, Choice(*CLASSES, help="kind of the held-out shape")] = "cylinder",
    views: Annotated[int, Slider(1, VIEWS, help="cameras of the ring that are used")] = VIEWS,
    shuffle: Annotated[bool, Switch(help="the pictures in another order")] = False,
    missing: Annotated[float, Slider(0, 0.7, step=0.05, help="share of the cloud that is cut away")] = 0.5,
    noise: Annotated[float, Slider(0, 0.2, step=0.01, help="std of the error of the points")] = 0.08,
    spoil: Annotated[bool, Switch(help="cut and blur the shape that is shown, too")] = False,
    seed: Annotated[int, Slider(0, 9999, help="seed of shapes, weights and order")] = 0,
) -> Iterator[Frame]:
    """Twelve cameras around a shape, one small network for all pictures, the largest value over views.

    Try: --shuffle: nothing changes; --views 1, then 2, 3; --spoil shows the network half a noisy cloud, which it never
    learnt from; --missing 0 or --noise 0 tells which of the two hurts more; other shapes.
    Notice: every feature is won by one view; views that win nothing could be left out, and learn nothing from this
    shape. Clean shapes are told apart well, raw and partial clouds far worse: pictures of holes are new to it.

    Camera k of twelve stands at an azimuth of 30·k degrees and 30 degrees above the ground, and looks at the middle. A
    3D question becomes a 2D one: every picture goes through the same CNN₁ (one set of weights), which gives features
    h₁ … h_N; view pooling takes g_j = max over i of h_ij; CNN₂, here a perceptron, names the shape from g.

    The maximum is symmetric, so that the order of the views and their number are free. Its gradient goes to the
    winner: ∂g_j/∂h_ij = 1 where view i is the largest, else 0.

    In 2015 this was the best on ModelNet40, with a CNN that had learnt from photographs. Against it: it needs clean
    models that can be drawn from all around, and its third dimension is gone after the first step.
    """
    from dltui.lab.scene3d.views_work import frames

    yield from frames(
        shape=shape, views=views, shuffle=shuffle, missing=missing, noise=noise, spoil=spoil, seed=seed
    )


@view_cnn.check
def order_of_views_is_free() -> None:
    """The same views in other orders give the same answer, and the same angles win."""
    from dltui.lab.scene3d import views_work

    views_work.order_of_views_is_free()


@view_cnn.check
def pooling_takes_the_largest() -> None:
    """(1, 5), (3, 2), (2, 4) give (3, 5) (notes 002c); features of a shape against numpy's maximum."""
    from dltui.lab.scene3d import views_work

    views_work.pooling_takes_the_largest()


@view_cnn.check
def gradients_go_to_winners() -> None:
    """∂loss/∂h is 0 for all views but the winner of each feature, and a small change of a loser changes nothing."""
    from dltui.lab.scene3d import views_work

    views_work.gradients_go_to_winners()


@view_cnn.check
def cameras_stand_thirty_degrees_apart() -> None:
    """Picture k is picture 0 of the shape turned back by 30·k degrees about y, by a rotation written out here."""
    from dltui.lab.scene3d import views_work

    views_work.cameras_stand_thirty_degrees_apart()


@view_cnn.check
def spoilt_shapes_are_harder() -> None:
    """Three in four clean held-out shapes or more are told right; of noisy halves far fewer (notes 002c)."""
    from dltui.lab.scene3d import views_work

    views_work.spoilt_shapes_are_harder()
