"""The loss over a line or a plane through the weights."""

from dltui.instruments.landscape.scan import AnotherScanError, check, scan

__all__ = ["AnotherScanError", "check", "scan"]
