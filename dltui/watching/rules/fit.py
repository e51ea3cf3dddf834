"""Rules about training and held-out loss together."""

from __future__ import annotations

import numpy as np

from dltui.figures import number
from dltui.watching.course import Course
from dltui.watching.finding import Finding
from dltui.watching.rules.loss import too_high
from dltui.watching.rules.measure import guess
from dltui.watching.track import Floats

LEAST = 3  # evaluations before which curves tell nothing
RISE = 0.1  # share by which the held-out loss has risen from its least
GAP = 0.1  # of a guess's loss, between training and held-out loss
BIG_GAP = 0.5
FALLS = 0.05  # share by which the held-out loss fell over the last quarter


def curves(course: Course) -> tuple[Floats, Floats, Floats]:
    """Return epochs (or steps), training and held-out loss where both are finite."""
    train, test = course.evals.get("train_loss"), course.evals.get("test_loss")
    if train is None or test is None or len(train) != len(test):
        return np.zeros(0), np.zeros(0), np.zeros(0)
    known = np.isfinite(train.mean) & np.isfinite(test.mean)
    return test.at("step")[known], train.mean[known], test.mean[known]


def overfitting(course: Course) -> Finding | None:
    """Return what is wrong where the held-out loss rose while the training loss fell.

    (L_test − min L_test) / min L_test > 0.1 with L_train still below what it was at that minimum and
    L_test − L_train > 0.1 of a guess's loss; or a gap above half of it.
    """
    steps, train, test = curves(course)
    scale = guess(course)
    if len(test) < LEAST or not scale > 0:
        return None
    best, gap = int(test.argmin()), float(test[-1] - train[-1])
    rise = float(test[-1] / test[best] - 1) if test[best] > 0 else 0.0
    risen = rise > RISE and train[-1] < train[best] and gap > GAP * scale
    if not risen and not gap > BIG_GAP * scale:
        return None
    told = f"Held-out loss is {number(float(test[-1]), 3)}, training loss {number(float(train[-1]), 3)}"
    if risen:
        told += (
            f": it has risen by {100 * rise:.0f} % since its least, {number(float(test[best]), 3)} at step "
        )
        told += f"{int(steps[best]):,}, while the other fell"
    else:
        told += f": a gap of {number(gap / scale, 2)} × the loss of a guess"
    return Finding(
        rule="overfitting",
        severity="warning",
        sentence=f"{told}.",
        advice="More or augmented data, weight decay, dropout, a smaller model, or stop early and take run:NAME@best.",
        note="002a:curve-diagnosis",
    )


def underfitting(course: Course) -> Finding | None:
    """Return what is wrong where a run ended with both losses high and alike.

    L_train > 70 % of a guess's loss (of tokens 85 %) and L_test − L_train < a tenth of it.
    """
    _, train, test = curves(course)
    scale = guess(course)
    if not course.end or len(test) < LEAST or not scale > 0:
        return None
    share, gap = float(train[-1]) / scale, float(test[-1] - train[-1])
    if share < too_high(course) or gap > GAP * scale:
        return None
    return Finding(
        rule="underfitting",
        severity="warning",
        sentence=f"It ended with training loss {number(float(train[-1]), 3)} and held-out loss "
        f"{number(float(test[-1]), 3)}, {100 * share:.0f} % of what a guess costs: bad on both.",
        advice="Wider, deeper, longer, a better learning rate, or less regularisation.",
        note="000a:underfitting",
    )


def train_on(course: Course) -> Finding | None:
    """Return a hint where a run ended while its held-out loss still fell, by more than 5 % over the last quarter."""
    _, train, test = curves(course)
    scale = guess(course)
    if course.end.get("state") != "done" or len(test) < 2 * LEAST or not scale > 0:
        return None
    before = test[-1 - max(1, len(test) // 4)]
    falls = float(1 - test[-1] / before) if before > 0 else 0.0
    if falls < FALLS or test[-1] > test.min() or test[-1] < GAP * scale or train[-1] > train[:-1].min():
        return None
    return Finding(
        rule="train-on",
        severity="hint",
        sentence=f"It ended while it still learned: held-out loss fell by {100 * falls:.0f} % over the last quarter, "
        f"to {number(float(test[-1]), 3)}.",
        advice="Train longer.",
        note="002a:curve-diagnosis",
    )
