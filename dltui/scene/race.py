"""A radiance field and splats on the same pictures, turn by turn, so that a busy machine is as busy for both."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch

from dltui.progress import Report, silent
from dltui.results.nerf_race import Race
from dltui.scene.nerf.fit import Fit, Kind, render
from dltui.scene.nerf.score import psnr, ssim
from dltui.scene.nerf.views import Capture
from dltui.scene.splats.fit import Sown
from dltui.scene.splats.straight import straight
from dltui.scene.splats.view import view

PARTS = 1000  # in which progress is told
TURN = 0.5  # seconds of a turn
SHOWN_EVERY = 1.0  # seconds of steps of each between two pictures


class _Track:
    """Both racers, and what is known of them.

    Args:
        capture: Pictures with their cameras.
        field: The fit of the field.
        sown: The fit of the splats.
    """

    def __init__(self, capture: Capture, field: Fit, sown: Sown) -> None:
        self.capture, self.field, self.sown = capture, field, sown
        self.names = [field.kind, "splats"]
        self.known: tuple[list[tuple[float, float]], list[tuple[float, float]]] = ([], [])

    def shown(self, at: int, beat: Callable[[], None]) -> tuple[np.ndarray, np.ndarray]:
        """Return a held-out picture as either shows it; ``beat`` is called between the parts of the work."""
        one, fitted = self.capture.held_out[at], self.field.fitted
        seen = render(fitted.field, fitted.occupied, one, paper=self.capture.paper, beat=beat)[0]
        return np.clip(seen, 0, 1), np.clip(
            view(self.sown.splats, one.camera, paper=self.capture.paper).rgb, 0, 1
        )

    def result(self, beat: Callable[[], None], *, whole: bool) -> Race:
        """Return what is known: of all held-out pictures, or of the first alone."""
        held = self.capture.held_out if whole else self.capture.held_out[:1]
        seen = [self.shown(i, beat) for i in range(len(held))]
        both = list(zip(*seen, strict=True))
        scores = [[psnr(a, one.rgb) for a, one in zip(part, held, strict=True)] for part in both]
        alike = [[ssim(a, one.rgb) for a, one in zip(part, held, strict=True)] for part in both]
        seconds = self.field.progress.seconds, self.sown.progress.seconds
        for way, taken, score in zip(self.known, seconds, scores, strict=True):
            way.append((taken, score[0]))
        return Race(
            title=f"{self.field.kind} against {len(self.sown.splats):,} splats · {self.capture.title}",
            scene=self.capture.title,
            names=self.names,
            psnr=np.array([np.mean(part) for part in scores]),
            ssim=np.array([np.mean(part) for part in alike]),
            seconds=np.array(seconds),
            steps=np.array([self.field.progress.step, self.sown.progress.step]),
            train=len(self.capture.train),
            held_out=len(held),
            first=np.array(self.known[0]),
            second=np.array(self.known[1]),
            truth=self.capture.held_out[0].rgb.astype(np.float32),
            seen=np.stack(seen[0]).astype(np.float32),
        )


def race(
    capture: Capture,
    *,
    kind: Kind = "grid",
    count: int = 3000,
    seconds: float = 15.0,
    seed: int = 0,
    device: torch.device | None = None,
    report: Report = silent,
) -> Race:
    """Fit a field and splats to the same pictures for the same time.

    Args:
        capture: Pictures with their cameras.
        kind: Of field.
        count: How many splats at most.
        seconds: Time for the steps of each: of the processor on a CPU, on the wall elsewhere.
        seed: Of all draws.
        device: Where.
        report: How far it is, with what is known by then.

    Returns:
        Both, judged by the same held-out pictures.
    """
    capture = straight(capture)
    start = partial(report, 0, PARTS)
    field = Fit(capture, kind, seconds=seconds, seed=seed, device=device, beat=start)
    sown = Sown(capture, count=count, seconds=seconds, seed=seed, device=device, beat=start)
    track, told = _Track(capture, field, sown), 0.0
    while min(field.done, sown.done) < 1:
        for racer in (field, sown):
            until = racer.progress.seconds + TURN
            while racer.done < 1 and racer.progress.seconds < until:
                racer.timed_step()
                report(round(PARTS * (field.done + sown.done) / 2), PARTS)
        if (now := field.progress.seconds) >= told + SHOWN_EVERY or not told:
            told = now
            beat = partial(report, round(PARTS * (field.done + sown.done) / 2), PARTS)
            beat(track.result(beat, whole=False))
    return track.result(partial(report, PARTS, PARTS), whole=True)
