"""The loss over a line or a plane through the weights."""

from dltui.instruments.landscape.scan import check, scan

__all__ = ["check", "scan"]
