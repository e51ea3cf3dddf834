"""Refusing samples that are no pictures."""

from dltui.errors import UsageError


def picture_shape(name: str, input_shape: tuple[int, ...], smallest: int) -> tuple[int, int, int]:
    """Return channels, height and width of a picture.

    Args:
        name: The network that wants a picture.
        input_shape: Shape of one sample.
        smallest: The least height and width that it can take.

    Returns:
        ``input_shape``, known to be a picture.

    Raises:
        UsageError: If it isn't one, or it is too small.
    """
    if len(input_shape) != 3:
        told = f"{input_shape[0]} features" if len(input_shape) == 1 else f"shape {input_shape}"
        raise UsageError(f"{name} needs pictures (C, H, W), but each sample here has {told}: try mlp")
    channels, height, width = input_shape
    if min(height, width) < smallest:
        raise UsageError(
            f"{name} needs pictures of at least {smallest} × {smallest} pixels, not {height} × {width}: try mlp"
        )
    return channels, height, width
