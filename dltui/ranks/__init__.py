"""Several processes that work on one thing: how they start, find each other, and end together. No torch, no numpy."""

from dltui.ranks.environment import (
    SUPERVISOR,
    bearable,
    cores,
    die_with,
    free_port,
    rank_and_world,
    rank_environment,
)
from dltui.ranks.group import Ranks

__all__ = [
    "SUPERVISOR",
    "Ranks",
    "bearable",
    "cores",
    "die_with",
    "free_port",
    "rank_and_world",
    "rank_environment",
]
