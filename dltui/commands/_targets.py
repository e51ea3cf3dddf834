"""Options that name a file to be written: it is looked at before any work is done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Given = Callable[[Path | None], Path | None]  # the callback of an option


def _where_given(check: Callable[[Path], None]) -> Given:
    """Return the callback that looks at a path, where one is given."""

    def given(path: Path | None) -> Path | None:
        if path is not None:
            check(Path(path))
        return path

    return given


@_where_given
def result_file(path: Path) -> None:
    """Refuse what a result can't be saved to."""
    from dltui.files import check_target
    from dltui.results.base import KEPT

    check_target(path, KEPT, "save to")


@_where_given
def figure_file(path: Path) -> None:
    """Refuse what figures can't be drawn to."""
    from dltui.draw.endings import check_figure

    check_figure(path)


@_where_given
def recording_file(path: Path) -> None:
    """Refuse what a recording can't be written to."""
    from dltui.draw.endings import check_moving

    check_moving(path)


@_where_given
def gif_file(path: Path) -> None:
    """Refuse what a GIF can't be written to."""
    from dltui.draw.endings import check_moving

    check_moving(path, (".gif",))


@_where_given
def shape_file(path: Path) -> None:
    """Refuse what triangles and points can't be written to."""
    from dltui.files import check_target
    from dltui.scene.write import ENDINGS

    check_target(path, ENDINGS)


@_where_given
def splat_file(path: Path) -> None:
    """Refuse what splats can't be written to."""
    from dltui.files import check_target

    check_target(path, (".ply",))
