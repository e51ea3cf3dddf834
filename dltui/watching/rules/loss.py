"""Rules about the loss of the steps."""

from __future__ import annotations

import math

import numpy as np

from dltui.figures import number
from dltui.watching.course import Course
from dltui.watching.finding import Finding
from dltui.watching.rules.measure import (
    first_loss,
    guess,
    loss_of,
    middle,
    rate_share,
    stretch,
)
from dltui.watching.track import Track

FAR = 0.25  # share of ln C by which a first loss may miss it
FAR_AT_LEAST = 0.3  # nats; of two classes a quarter of ln 2 is the noise of a batch
ENOUGH = 40  # steps before which a loss tells nothing yet
RISEN = 1.1  # a loss above this many times its start goes the wrong way
JUMP = 2.0  # times the loss of the start, within a run that began to learn
NEAR_GUESS = 0.95  # shares of ln C between which a loss is that of a guess
FLAT = 0.02  # share by which the loss fell between two halves of the last third, below which it is flat
HIGH = {
    "tokens": 0.85
}  # share of a guess's loss that is too high for an end; text keeps an entropy of its own
HIGH_ELSE = 0.7


def initial_loss(course: Course) -> Finding | None:
    """Return what is wrong where L₁ is far from ln C: |L₁ − ln C| > max(0.25 · ln C, 0.3)."""
    if not course.classes or not course.fresh or not course.first:
        return None
    step, loss = course.first[0]
    expected = math.log(course.classes)
    if step > 1 or not math.isfinite(loss) or abs(loss - expected) <= max(FAR * expected, FAR_AT_LEAST):
        return None
    told = f"The first loss is {number(loss, 3)}; a fresh network guesses, which costs ln {course.classes} = "
    above = loss > expected
    return Finding(
        rule="initial-loss",
        severity="warning",
        sentence=f"{told}{number(expected, 4)}.",
        advice="It is sure of wrong answers: make the last layer's first weights smaller, and check the labels."
        if above
        else "It knows too much: check that answers don't leak into the inputs, and that the weights are fresh.",
        note="002a:tune-initial-loss",
    )


def not_finite(course: Course) -> Finding | None:
    """Return what is wrong where a loss or a gradient was not finite."""
    bad = course.bad
    if bad is None:
        return None
    entries = f"up to {bad.entries:,} entries of the gradient were" if bad.entries else "the loss was"
    again = f"; so it was in {bad.rows:,} rows" if bad.rows > 1 else ""
    lasting = bad.loss or bad.last >= course.step
    return Finding(
        rule="not-finite",
        severity="error" if lasting else "warning",
        sentence=f"From step {bad.first:,} on {entries} not finite{again}.",
        advice="Go back to the checkpoint before it; a smaller learning rate, clipping, or bf16 in place of fp16.",
        note="000a:exploding-gradient",
    )


def diverging(course: Course) -> Finding | None:
    """Return what is wrong where the loss rises.

    The median of its last tenth is above 1.1 times its start; or it shot up to twice its start, at once or after it had
    fallen, and has stayed above 0.95 of that start.
    """
    track, start = loss_of(course), first_loss(course)
    if track is None or track.count < ENOUGH or not start > 0:
        return None
    now = middle(stretch(track, 0.9))
    high = np.where(np.isfinite(track.high), track.high, -np.inf)
    top = int(high.argmax())
    if now > RISEN * start:
        told = (
            f"The loss rises: {number(now, 3)} by now (median of the last tenth), {number(now / start, 3)} × "
        )
        told += f"the {number(start, 3)} that it began with."
    elif high[top] > JUMP * max(start, now) and now > NEAR_GUESS * start and _began(track, top, start):
        told = f"The loss shot up to {number(float(high[top]), 3)} at step {int(track.at('step')[top]):,}, "
        told += f"{number(float(high[top]) / start, 3)} × its start, and has not come below that start since."
    else:
        return None
    return Finding(
        rule="diverging",
        severity="error",
        sentence=told + _limit(course),
        advice="The learning rate is too high: try a tenth of it, warm-up, or clipping.",
        note="002a:learning-rate",
    )


def _began(track: Track, top: int, start: float) -> bool:
    """Return whether the top of a loss is near its beginning, or stands after it had fallen."""
    return top <= len(track) // 10 or bool(np.nanmin(track.low[:top]) < 0.8 * start)


def _limit(course: Course) -> str:
    """Return the step size beyond which a step along the sharpest direction overshoots, where that was probed."""
    probed, rate = course.probes.get("top_eigenvalue"), course.steps.get("learning_rate")
    if probed is None or rate is None or not probed.last > 0:
        return ""
    limit = 2 / probed.last
    return f" 2/λ = {number(limit, 3)} is the limit of plain gradient descent; η = {number(rate.last, 3)}."


def jumps(course: Course) -> Finding | None:
    """Return what is wrong where the loss jumped, after a tenth of the steps, to twice its start and came back."""
    track, start = loss_of(course), first_loss(course)
    if track is None or track.count < ENOUGH or not start > 0:
        return None
    begun = len(track) // 10
    high = np.where(np.isfinite(track.high), track.high, -np.inf)[begun:]
    hits = np.flatnonzero(high > JUMP * start)
    if not hits.size:
        return None
    worst = begun + int(high.argmax())
    return Finding(
        rule="loss-jumps",
        severity="warning",
        sentence=f"The loss jumped to {number(float(track.high[worst]), 3)} at step "
        f"{int(track.at('step')[worst]):,}, {number(float(track.high[worst]) / start, 3)} × its start"
        f"{f'; {hits.size} such jumps' if hits.size > 1 else ''}.",
        advice="Clip the gradient, warm up, or lower the learning rate; look at the batch of that step.",
        note="001:divergence-fix",
    )


def guessing(course: Course) -> Finding | None:
    """Return what is wrong where the loss is stuck at ln C.

    The mean of its last fifth, and of its last twentieth, are within 0.95 and 1.1 times ln C.
    """
    track = loss_of(course)
    if not course.classes or track is None or track.count < 2 * ENOUGH:
        return None
    expected, last = math.log(course.classes), stretch(track, 0.8)
    now = float(last.mean()) if last.size else math.nan
    newest = middle(stretch(track, 0.95))
    if not NEAR_GUESS * expected <= min(now, newest) <= now <= RISEN * expected:
        return None
    return Finding(
        rule="guessing",
        severity="error",
        sentence=f"After {course.step:,} steps the loss is {number(now, 3)}, still that of a guess among "
        f"{course.classes} classes, ln {course.classes} = {number(expected, 4)}.",
        advice="Nothing is learned: check the rate, the labels, and that a few dozen samples can be overfitted.",
        note="003:ce-guess",
    )


def plateau(course: Course) -> Finding | None:
    """Return what is wrong where a loss that is still high has stopped falling.

    Between the two halves of the last third its mean fell by less than 2 %, while the learning rate is at least a
    tenth of its largest and the loss above 70 % of a guess's (of tokens: 85 %).
    """
    track, scale = loss_of(course), guess(course)
    if track is None or track.count < 2 * ENOUGH or not scale > 0 or rate_share(course) < 0.1:
        return None
    before, after = stretch(track, 2 / 3, 5 / 6), stretch(track, 5 / 6)
    if before.size < 10 or after.size < 10:
        return None
    now, fell = float(after.mean()), 1 - float(after.mean()) / float(before.mean())
    # What falls by less than the scatter of a mean may not fall at all.
    if now < too_high(course) * scale or abs(fell) > FLAT:
        return None
    norms = course.steps.get("grad_norm")
    size = middle(stretch(norms, 5 / 6))
    told = f"; the gradient's norm is {number(size, 3)}" if math.isfinite(size) else ""
    return Finding(
        rule="plateau",
        severity="warning",
        sentence=f"The loss stands at {number(now, 3)}: over the last {track.count // 3:,} rows it fell by "
        f"{100 * fell:.1f} %{told}.",
        advice="Try momentum or Adam, another learning rate or start; if it stays, ask how much of the data is noise.",
        note="000a:plateau",
    )


def too_high(course: Course) -> float:
    """Return the share of a guess's loss that is too high for an end."""
    return HIGH.get(str(course.start.get("task")), HIGH_ELSE)
