"""What a person knows of a file that does not say it itself."""

from __future__ import annotations

from dataclasses import dataclass

from dltui.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Hints:
    """What is told beside a file.

    Attributes:
        columns: Names of its columns in their order, such as ``x, y, z, intensity``; ``-`` leaves one out.
        intrinsics: fx, fy, cx and cy of the camera of a depth map, in pixels; cx and cy may be left out.
        depth_scale: By what the numbers of a depth map are divided; those of a millimetre camera by 1000.
    """

    columns: tuple[str, ...] = ()
    intrinsics: tuple[float, ...] = ()
    depth_scale: float = 1.0


def hints(columns: str = "", intrinsics: str = "", depth_scale: float = 1.0) -> Hints:
    """Return hints as they are spelled on a command line.

    Args:
        columns: Names with commas between them.
        intrinsics: Two or four numbers with commas between them.
        depth_scale: By what depths are divided.

    Returns:
        The same, read.

    Raises:
        UsageError: If one of them can't be.
    """
    names = tuple(part.strip() for part in columns.split(",")) if columns else ()
    if columns and not {"x", "y", "z"} <= set(names):
        raise UsageError(f"--columns {columns!r} names no x, y and z: expected such as x,y,z,intensity")
    named = [name for name in names if name != "-"]
    if len(set(named)) < len(named):
        raise UsageError(f"--columns {columns!r} names a column twice")
    try:
        numbers = tuple(float(part) for part in intrinsics.split(",")) if intrinsics else ()
    except ValueError as error:
        raise UsageError(
            f"can't read --intrinsics {intrinsics!r}: expected fx,fy,cx,cy such as 525,525,319.5,239.5"
        ) from error
    if numbers and (len(numbers) not in {2, 4} or not all(0 < number < 1e9 for number in numbers[:2])):
        raise UsageError(f"--intrinsics {intrinsics!r} must be fx,fy or fx,fy,cx,cy with fx and fy above 0")
    if not 0 < depth_scale < float("inf"):
        raise UsageError(f"--depth-scale must be above 0, not {depth_scale:g}")
    return Hints(columns=names, intrinsics=numbers, depth_scale=depth_scale)
