"""Attention: caught wherever torch computes it, measured head by head, rolled out through the layers."""

from dltui.instruments.attention.capture import Site, catch
from dltui.instruments.attention.look import look

__all__ = ["Site", "catch", "look"]
