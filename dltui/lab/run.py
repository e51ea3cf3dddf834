"""Running an exhibit: knob values in, a gallery of figures and numbers out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dltui.figures import Figure, Prose, Step, Steps
from dltui.lab.exhibit import Exhibit, Frame, load
from dltui.progress import Report, silent
from dltui.results.gallery import Gallery


def run(
    exhibit: str | Exhibit, values: Mapping[str, object] | None = None, *, report: Report = silent
) -> Gallery:
    """Return what an exhibit shows in the end.

    Args:
        exhibit: The exhibit, or its name.
        values: Knob values by name; the other knobs stand at their defaults.
        report: Told after every frame, with what it shows; raises ``Cancelled`` to stop.

    Returns:
        The opening lines, the figures of the last frame, its numbers, and where every knob stood.

    Raises:
        UsageError: If there is no such exhibit or knob, or a value is refused.
    """
    last = None
    for last in live(exhibit, values, report=report):  # noqa: B007
        pass
    assert last is not None, "an exhibit yields one frame or more"
    return last


def live(
    exhibit: str | Exhibit, values: Mapping[str, object] | None = None, *, report: Report = silent
) -> Iterator[Gallery]:
    """Yield what an exhibit shows, moment by moment.

    Args:
        exhibit: The exhibit, or its name.
        values: Knob values by name; the other knobs stand at their defaults.
        report: Told after every frame, with what it shows; raises ``Cancelled`` to stop.

    Yields:
        One gallery a frame.

    Raises:
        UsageError: If there is no such exhibit or knob, or a value is refused.
    """
    one = load(exhibit) if isinstance(exhibit, str) else exhibit
    settings = one.settings(values or {})
    for count, frame in enumerate(one(**settings), start=1):
        shown = gallery(one, frame, settings)
        report(count, max(count, frame.total), shown)
        yield shown


def gallery(exhibit: Exhibit, frame: Frame, settings: Mapping[str, object]) -> Gallery:
    """Return a frame as a result: the three opening lines, its figures, and where to go on."""
    heading = f"{exhibit.name} · {frame.caption}" if frame.caption else exhibit.name
    opening = Prose(title=heading, text="\n\n".join(exhibit.story.opening))
    return Gallery(
        title=heading,
        shown=(opening, *frame.figures, *_onward(exhibit)),
        numbers=dict(frame.numbers),
        knobs=dict(settings),
    )


def _onward(exhibit: Exhibit) -> tuple[Figure, ...]:
    """Return the commands that go on from an exhibit, when it names some."""
    if not exhibit.kin:
        return ()
    caption = f"Sources: {'; '.join(exhibit.sources)}" if exhibit.sources else ""
    return (
        Steps(
            title="Go on",
            caption=caption,
            steps=tuple(Step(formula=command, note=shows) for command, shows in exhibit.kin.items()),
        ),
    )
