"""Labels of points: which numbers are classes, and what these are called."""

from dataclasses import replace

import numpy as np

from dltui.results.cloud import Cloud
from dltui.results.labels import classes_of

PLACES = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)


def test_labels_far_apart_are_numbered_from_zero() -> None:
    numbers, names = classes_of("label", np.array([80.0, 40, 0, 40]))
    assert numbers.tolist() == [2, 1, 0, 1]
    assert names == ("0", "40", "80")


def test_classes_of_surveys_have_names_and_only_theirs() -> None:
    assert classes_of("classification", np.array([2, 6]), "las 1.2, format 3")[1] == (
        "2 ground",
        "6 building",
    )
    assert classes_of("classification", np.array([2, 6]), "ply")[1] == ("2", "6")


def test_numbers_that_are_no_labels_stay_as_they_are() -> None:
    for name, values in (
        ("intensity", [0.0, 1]),
        ("label", [0.5, 1]),
        ("label", [np.nan, 1]),
        ("label", range(30)),
    ):
        held = np.array(list(values), float)
        numbers, names = classes_of(name, held)
        assert names == ()
        assert numbers is held


def test_a_cloud_shows_its_labels_as_classes_and_its_intensity_as_numbers() -> None:
    cloud = Cloud(
        title="room",
        vertices=PLACES,
        channels=["label", "intensity"],
        values=np.array([[7, 7, 9, 9], [0, 1, 2, 3]], np.float32),
        colour="label",
        origin=[1e6, 0, 0],
    )
    assert cloud.scene().value_names == ("7", "9")
    assert cloud.scene().origin == (1e6, 0, 0)
    assert replace(cloud, colour="intensity").scene().value_names == ()
    assert replace(cloud, eye_dome=False).scene().relief is False
    table = cloud.figures()[1]
    first = table.rows[0]  # type: ignore[attr-defined]
    assert len({first[1], first[3]}) == 2  # far from 0, the ends of x are still told apart
