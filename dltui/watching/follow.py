"""Following runs: what is new is read, and what is known is kept."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

from dltui.errors import DltuiError
from dltui.runs.control import Ask, ask
from dltui.runs.digest import Digest
from dltui.watching.course import Course
from dltui.watching.events import Stamp
from dltui.watching.finding import Finding
from dltui.watching.rules import diagnose
from dltui.watching.source import Source
from dltui.watching.telling import headline, share_done

AGAIN = 2.0  # seconds after which a run is asked for its state again: a killed one leaves its files alone
JUDGED = 1.0  # seconds between two diagnoses of a run that goes on


class Followed:
    """One run with everything that is known of it by now.

    Attributes:
        source: Where it is read from.
        course: What its rows told.
        state: How it goes.
        said: The last lines of its log.
        paused: Whether it was asked to pause.
        findings: What is ill in it.
        headline: How it stands, in a few words each.
        share: How much of it is done, NaN where nobody told how long it is.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.course = Course(Digest())
        self.state = "running"
        self.said: list[str] = []
        self.paused = False
        self.findings: list[Finding] = []
        self.headline: list[str] = []
        self.share = math.nan
        self._stamp: Stamp | None = None
        self._asked = self._judged = -AGAIN

    @property
    def changed(self) -> bool:
        """Whether something may be new; cheap enough to be asked twenty times a second."""
        return self.source.stamp() != self._stamp or (
            self.state == "running" and time.monotonic() - self._asked > AGAIN
        )

    def look(self) -> None:
        """Read what is new."""
        self._stamp = self.source.stamp()
        version = self.course.version
        self.course = self.source.course()
        self.said = self.source.said()
        self.paused = self.source.paused() and self.state == "running"
        now = time.monotonic()
        if now - self._asked > AGAIN or self.course.end:
            self.state, self._asked = self.source.state(), now
        if self.course.version != version and (now - self._judged > JUDGED or self.state != "running"):
            self.findings, self._judged = diagnose(self.course), now
        self.headline, self.share = headline(self), share_done(self)

    def ask(self, what: Ask) -> None:
        """Ask the run for something.

        Args:
            what: What it shall do after its step.

        Raises:
            DltuiError: If it doesn't go on, or somebody else's program trains it.
        """
        if self.source.run is None:
            raise DltuiError(f"{self.source.name} was not begun by dltui, which can't ask it to {what}")
        ask(self.source.run, what)

    def summary(self) -> dict[str, Any]:
        """Return what is known by now, by name."""
        course = self.course
        return {
            "name": self.source.name,
            "title": self.source.title,
            "state": self.state,
            "step": course.step,
            "steps": course.total,
            "seconds": course.seconds,
            "seconds_left": course.left,
            "steps_per_second": 1 / course.pace if course.pace > 0 else None,
            "metrics": {
                **{key: track.last for key, track in course.steps.items() if len(track)},
                **{key: track.last for key, track in course.evals.items() if len(track)},
            },
            "device": {key: track.last for key, track in course.device.items() if len(track)},
            "diagnosis": [finding.summary() for finding in self.findings],
        }


def follow(sources: Sequence[Source]) -> list[Followed]:
    """Return runs that were read once, up to now."""
    found = [Followed(source) for source in sources]
    for one in found:
        one.look()
        one.findings = diagnose(one.course)
    return found
