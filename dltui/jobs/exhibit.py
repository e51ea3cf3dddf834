"""An exhibit that stays open: whenever a knob is turned it shows the new setting, and gives up the old one.

A closed form that takes less than ``QUICK`` seconds of processor time plays in a thread of the application, so that it
answers before torch is loaded anywhere. All others play in a process that stays. Which it is is decided by whether
the exhibit's code can reach torch, and then by measuring: the first setting that takes longer moves on to a process.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from threading import Condition, Thread
from typing import TYPE_CHECKING, Any

from dltui.errors import Cancelled, DltuiError
from dltui.jobs.closed_form import needs_torch
from dltui.jobs.events import Failed
from dltui.lab import EXHIBITS

if TYPE_CHECKING:
    from dltui.jobs.perform import Moment, Newest, Said, Setting

QUICK = 0.1  # seconds of processor time that a setting may take in the application itself


class LiveExhibit:
    """One open exhibit.

    Attributes:
        name: Its name.
        values: The knob values of the newest setting, those that were turned.
        setting: Number of the newest setting; 0 before the first.
        moment: The newest picture of the newest setting, or None while there is none yet.
        settled: Whether the newest setting was played to its end.
        failure: Why the newest setting can't be played, or None.
        apart: Whether it plays in a process of its own.
        closed: Whether it was closed.
    """

    def __init__(self, name: str, on_news: Callable[[LiveExhibit], None] | None = None) -> None:
        """Open an exhibit; nothing plays until ``set`` is called.

        Args:
            name: The exhibit.
            on_news: Called from a thread whenever something of the above changes; must not wait.

        Raises:
            UsageError: If there is no such exhibit; it suggests the nearest.
        """
        self.apart = needs_torch(EXHIBITS.entry(name).module)
        self.name = name
        self.values: dict[str, object] = {}
        self.setting = 0
        self.moment: Moment | None = None
        self.settled, self.closed = False, False
        self.failure: Failed | None = None
        self._on_news = on_news
        self._changed = Condition()
        self._asked: Setting | None = None
        self._newest: Newest | None = None  # where the thread looks
        self._process: _Process | None = None

    @property
    def line(self) -> str:
        """The command line that shows the end of the newest setting."""
        from dltui.commands._forms import LAB, form
        from dltui.commands._spelled import command_line

        return command_line(form(LAB + self.name), self.values)

    def set(self, **knobs: object) -> int:
        """Turn knobs; what is shown of older settings from now on is dropped.

        Args:
            **knobs: New values by name; the other knobs stay where they are.

        Returns:
            The number of the new setting. Whether it is refused is told by ``failure``.

        Raises:
            DltuiError: If the exhibit was closed.
        """
        from dltui.jobs.perform import Setting

        with self._changed:
            if self.closed:
                raise DltuiError(f"the exhibit {self.name} was closed; open it again")
            self.values |= knobs
            self.setting += 1
            self.settled, self.failure = False, None
            self._asked = Setting(self.setting, dict(self.values))
            self._pass_on(self._asked)
            return self.setting

    def wait(self, setting: int, timeout: float | None = None, *, settled: bool = False) -> bool:
        """Wait until something is shown of a setting, or of a newer one.

        Args:
            setting: Its number.
            timeout: Seconds to wait at most, or None.
            settled: Wait for its end instead of its first moment.

        Returns:
            Whether there is; also True when it was refused.
        """

        def there() -> bool:
            shown = self.moment is not None and self.moment.setting >= setting
            return self.failure is not None or (self.settled if settled else shown)

        with self._changed:
            return self._changed.wait_for(lambda: self.setting >= setting and there(), timeout)

    def keep(self) -> Path:
        """Save what is shown now to the results folder.

        Returns:
            The file.

        Raises:
            DltuiError: If nothing is shown yet, or the folder can't be written.
        """
        from dltui.jobs.keep import keep, scratch_folder
        from dltui.jobs.order import Order
        from dltui.runs import results_folder

        if self.moment is None:
            raise DltuiError(f"the exhibit {self.name} shows nothing yet that could be kept")
        order = Order(token_hex(3), ("lab", "run", self.name), results_folder(), scratch_folder())
        return keep(self.moment.shown.signed(command=self.line), order)

    def close(self) -> None:
        """End it, with its thread or process."""
        with self._changed:
            self.closed = True
            self._on_news = None  # a closed one may be kept a while, but not the screen that listened to it
            newest, process = self._newest, self._process
        if newest is not None:
            newest.close()
        if process is not None:
            process.end()

    def _pass_on(self, setting: Setting) -> None:
        """Hand a setting to the thread or to the process, starting it when there is none."""
        from dltui.jobs.perform import Newest

        if not self.apart:
            if self._newest is None:
                self._newest = Newest()
                Thread(target=self._play_here, name=f"dltui-{self.name}", daemon=True).start()
            self._newest.put(setting)
            return
        if self._process is None:
            self._process = _Process(self)
        self._process.put(setting)

    def _play_here(self) -> None:
        """Play settings in this thread until one takes too long."""
        from time import thread_time

        from dltui.jobs.perform import play

        newest = self._newest
        assert newest is not None, "the thread is started after its box was made"
        while not self.apart and (setting := newest.take()) is not None:
            started = thread_time()

            def say(said: Said, started: float = started) -> None:
                self.hear(said)
                if thread_time() - started > QUICK:
                    raise Cancelled("this takes too long for the application's own process")

            play(self.name, setting, newest, say)
            if thread_time() - started > QUICK:
                self._move_apart()

    def _move_apart(self) -> None:
        """Go on in a process; the newest setting is played there from its beginning unless it has ended."""
        with self._changed:
            self.apart = True
            if self._asked is not None and not self.settled and not self.closed:
                self._pass_on(self._asked)

    def hear(self, said: Said) -> None:
        """Take what was said; of older settings nothing; called from the thread that plays or listens."""
        from dltui.jobs.perform import Moment, Refused

        with self._changed:
            if said.setting != self.setting or self.closed:
                return
            if isinstance(said, Moment):
                self.moment = said
            elif isinstance(said, Refused):
                self.failure = said.failure
            else:
                self.settled = True
            self._changed.notify_all()
        if (listener := self._on_news) is not None:  # may be closed at any moment
            listener(self)

    def lost(self, process: object, failure: Failed) -> None:
        """Take note that the process has ended; the next setting starts a new one."""
        with self._changed:
            if process is not self._process:
                return
            self._process = None
            if self.closed:
                return
            self.failure = failure
            self._changed.notify_all()
        if (listener := self._on_news) is not None:  # may be closed at any moment
            listener(self)


class _Process:
    """The process of one exhibit, and the thread that listens to it."""

    def __init__(self, exhibit: LiveExhibit) -> None:
        from dltui.jobs import server

        self._exhibit = exhibit
        self._here, self._there = server.pipe()
        self._pid: int | None = None
        self._ended = False
        Thread(target=self._listen, name=f"dltui-{exhibit.name}", daemon=True).start()

    def put(self, setting: Setting) -> None:
        """Send a setting; one that comes before the process is there waits in the pipe."""
        with suppress(OSError):  # it has ended: the listener tells
            self._here.send(setting)

    def end(self) -> None:
        """End the process."""
        from dltui.jobs.attend import kill

        self._ended = True
        if self._pid is not None:
            kill(self._pid)

    def _listen(self) -> None:
        """Start the process and hand on what it says until it ends."""
        from dltui.jobs import server
        from dltui.jobs.attend import tail, told_by
        from dltui.jobs.order import Descriptor, Surroundings
        from dltui.jobs.perform import perform

        name = self._exhibit.name
        with tempfile.TemporaryFile() as errors, self._here:
            try:
                with self._there:
                    around = Surroundings(Descriptor(errors.fileno()))
                    process = server.fork(perform, name, around, self._there)
            except (OSError, EOFError) as error:
                self._exhibit.lost(self, Failed(f"no process could be started for {name}: {error}"))
                return
            self._pid = process.pid
            self._hand_on(process)
            sentence = f"the process of the exhibit {name} {told_by(process.exitcode)}; turn a knob to go on"
            self._pid = None
            process.close()
            self._exhibit.lost(self, Failed(sentence, tail(errors)))

    def _hand_on(self, process: Any) -> None:
        """Read until the process has ended."""
        if self._ended:  # closed while it was being made
            self.end()
        with suppress(EOFError, OSError):
            while True:
                self._exhibit.hear(self._here.recv())
        process.join()
