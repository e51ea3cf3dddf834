"""Playing an exhibit for whoever turns its knobs: the newest setting counts, older ones are given up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Condition
from traceback import format_exception
from typing import TYPE_CHECKING, Any

from dltui.commands._calls import sentence
from dltui.errors import Cancelled, DltuiError
from dltui.jobs.events import Failed
from dltui.jobs.order import Surroundings
from dltui.lab.run import live

if TYPE_CHECKING:
    from dltui.results.gallery import Gallery

LINES = 40  # of a traceback


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """What an exhibit shows at one moment.

    Attributes:
        setting: Number of the setting that it shows.
        done: Which moment of that setting it is, from 1.
        total: How many there will be; as many as ``done`` where that is not known.
        shown: Its figures and numbers.
    """

    setting: int
    done: int
    total: int
    shown: Gallery


@dataclass(frozen=True, slots=True)
class Settled:
    """A setting was played to its end.

    Attributes:
        setting: Its number.
        seconds: Processor time that it took.
    """

    setting: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Refused:
    """A setting can't be played.

    Attributes:
        setting: Its number.
        failure: Why.
    """

    setting: int
    failure: Failed


Said = Moment | Settled | Refused


@dataclass(frozen=True)
class Setting:
    """Where the knobs stand.

    Attributes:
        number: Counts from 1 up.
        values: Knob values by name.
    """

    number: int
    values: Mapping[str, object]


class Newest:
    """Holds one setting: a newer one replaces an older one that was not begun."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._setting: Setting | None = None
        self._taken = 0
        self._closed = False

    def put(self, setting: Setting) -> None:
        """Replace what is there."""
        with self._changed:
            self._setting = setting
            self._changed.notify_all()

    def close(self) -> None:
        """Let whoever waits know that nothing comes any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def take(self) -> Setting | None:
        """Wait for a setting that was not taken yet; None when nothing comes any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._fresh)
            if self._closed or self._setting is None:
                return None
            self._taken = self._setting.number
            return self._setting

    def stale(self, setting: Setting) -> bool:
        """Return whether a newer setting is there, or nobody wants any."""
        return self._closed or (self._setting is not None and self._setting.number > setting.number)

    @property
    def _fresh(self) -> bool:
        return self._setting is not None and self._setting.number > self._taken


def play(name: str, setting: Setting, newest: Newest, say: Callable[[Said], None]) -> None:
    """Play one setting until its end or until a newer one is there.

    Args:
        name: The exhibit.
        setting: Where its knobs stand.
        newest: Tells whether a newer setting is there.
        say: Takes each moment, then how it ended; nothing more of a setting that is given up. Raises ``Cancelled``
            to give it up.
    """

    def report(done: int, total: int, partial: Any = None) -> None:
        if newest.stale(setting):
            raise Cancelled("a newer setting is there")
        say(Moment(setting.number, done, total, partial))

    started = time.thread_time()
    try:
        for _ in live(name, setting.values, report=report):
            pass
        say(Settled(setting.number, time.thread_time() - started))
    except Cancelled:
        return
    except DltuiError as error:
        say(Refused(setting.number, Failed(sentence(error))))
    except Exception as error:  # noqa: BLE001 - the exhibit's own code may raise anything
        lines = "".join(format_exception(error)).splitlines()
        say(Refused(setting.number, Failed(sentence(error), tuple(lines[-LINES:]))))


def perform(name: str, around: Surroundings, pipe: Any) -> None:
    """Play every setting that comes through a pipe; the body of an exhibit's process.

    Args:
        name: The exhibit.
        around: Where to live.
        pipe: Takes what is said there and settings back.
    """
    from dltui.jobs.surround import die_with_parent, listen, settle_in

    die_with_parent()
    settle_in(around, f"dltui lab run {name}")
    newest = Newest()
    listen(pipe, newest.put)
    while (setting := newest.take()) is not None:
        play(name, setting, newest, pipe.send)
