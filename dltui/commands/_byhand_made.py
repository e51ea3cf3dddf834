"""Operations whose tensors follow from what is typed: which expression, which sizes."""

from __future__ import annotations

from typing import Any

from dltui.byhand.inputs import read_setting
from dltui.byhand.operation import Operation

FLAGS = frozenset({
    "--backward", "--torch", "--all", "--latex", "--markdown", "--json", "--quiet", "--debug", "--ascii", "--plain",
    "--help",
})  # fmt: skip  # options without a value


def made(one: Operation, args: list[str]) -> tuple[Operation, list[str]]:
    """Return an operation as a command line wants it, and the line with its leading argument last.

    Args:
        one: The operation with its defaults.
        args: What follows its name; an expression may begin with a minus.

    Returns:
        The operation, and the arguments for its command.
    """
    spelled: dict[str, str] = {}
    rest: list[str] = []
    lead: list[str] = []
    waiting = iter(args)
    for arg in waiting:
        name, equals, value = arg.partition("=")
        if not arg.startswith("--"):
            (lead if one.leading and not lead else rest).append(arg)
            continue
        rest.append(arg)
        if arg == "--" or name in FLAGS:
            continue
        following = [] if equals else [*_next(waiting)]
        rest += following
        spelled[name.removeprefix("--")] = value if equals else "".join(following)
    if lead:
        spelled[one.leading] = lead[0]
        rest = [*(arg for arg in rest if arg != "--"), "--", lead[0]]
    given: dict[str, Any] = {
        name: int(spelled[name]) if name == "seed" else read_setting(one, name, spelled[name])
        for name in one.shaping
        if name in spelled and (name != "seed" or spelled[name].isdigit())
    }
    return one.fitted(given), rest


def _next(waiting: Any) -> list[str]:
    """Return the next argument, if there is one."""
    return [arg] if (arg := next(waiting, None)) is not None else []
