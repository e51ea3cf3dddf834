"""``dltui settings``: what can be set, what it is, where that comes from; and the file that keeps it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dltui.commands._frame import Common, verb
from dltui.commands._group import Group
from dltui.errors import UsageError
from dltui.lab.listing import Listing
from dltui.settings import RULES, change, from_text, load, rule_of, settings_path, written
from dltui.settings.reading import KEYS, spelled_keys


class ShowingGroup(Group):
    """Shows the settings where no verb is given."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words that follow, with ``show`` before them when they name no verb."""
        if not args or (args[0].startswith("-") and args[0] != "--help"):
            args = ["show", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=ShowingGroup,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="What can be set, what it is, and where that comes from; shown when no verb is given.",
)
app.callback()(lambda: None)


def _names(incomplete: str) -> list[str]:
    """Return what completes the name of a setting."""
    return [rule.name for rule in RULES if rule.name.startswith(incomplete)]


Name = Annotated[
    str,
    typer.Argument(metavar="KEY", help="A setting, or keys. and the id of an action.", autocompletion=_names),
]


@verb(app)
def show(*, common: Common) -> Listing:
    """Tell every setting with its value, where it comes from, and what is allowed."""
    loaded = load()
    for trouble in loaded.troubles:
        common.note(trouble)
    rows = []
    for rule in RULES:
        value = written(getattr(loaded.settings, rule.name))
        rows.append((rule.name, value, loaded.origins[rule.name], f"{rule.help} Allowed: {rule.allowed}."))
    rows += [(f"{KEYS}.{name}", " ".join(keys), "file", "") for name, keys in loaded.settings.keys.items()]
    plain = {
        "schema": "settings/1",
        "path": str(loaded.path),
        "settings": {
            rule.name: {
                "value": getattr(loaded.settings, rule.name),
                "origin": loaded.origins[rule.name],
                "default": rule.default,
                "allowed": rule.allowed,
                "help": rule.help,
            }
            for rule in RULES
        },
        "keys": {name: list(keys) for name, keys in loaded.settings.keys.items()},
        "troubles": list(loaded.troubles),
    }
    foot = (
        f"File: {loaded.path}{'' if loaded.path.exists() else ' (not there yet)'}.",
        "Change one with `dltui settings set KEY VALUE`; keys of actions with `set keys.ACTION KEY`.",
    )
    columns = ("setting", "value", "from", "what it is")
    return Listing(title="settings", columns=columns, rows=tuple(rows), plain=plain, foot=foot)


@verb(app, "set")
def set_(
    name: Name,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="What it shall be.")],
    *,
    common: Common,
) -> Listing:
    """Write a setting to the file."""
    if name.startswith(f"{KEYS}."):
        new: str | int | bool | tuple[str, ...] = _checked_keys(name.removeprefix(f"{KEYS}."), value, common)
    else:
        new = from_text(rule_of(name), value)
    change(settings_path(), name, new)
    return _changed(name, written(new))


@verb(app)
def unset(name: Name, *, common: Common) -> Listing:  # noqa: ARG001
    """Take a setting out of the file, so that its default holds."""
    if not name.startswith(f"{KEYS}."):
        rule_of(name)
    change(settings_path(), name, None)
    return _changed(name, None)


@verb(app)
def path(*, common: Common) -> Listing:  # noqa: ARG001
    """Print where the file is."""
    where = settings_path()
    return Listing(
        title="path",
        columns=(),
        rows=(),
        plain={"path": str(where), "exists": where.exists()},
        exact=(str(where),),
    )


def _checked_keys(action: str, text: str, common: Common) -> tuple[str, ...]:
    """Return the keys for an action, when both exist; what they do already is remarked."""
    from dataclasses import replace

    from dltui.tui.keymap import known_everywhere, problems

    try:
        keys = spelled_keys(text)
    except ValueError:
        raise UsageError(f"{text!r} is no key; write it as e, ctrl+e or 'e f5'") from None
    known_everywhere()
    settings = load().settings
    told = problems(replace(settings, keys={**settings.keys, action: keys}), only=(action,))
    refused = [sentence for sentence in told if " already means: " not in sentence]
    if refused:
        raise UsageError(refused[0])
    for sentence in told:
        common.note(sentence)
    return keys


def _changed(name: str, value: str | None) -> Listing:
    """Return what was changed; a variable of the environment that wins is told."""
    loaded = load()
    foot = [f"{name} is {value} now." if value is not None else f"{name} has its default now."]
    origin = loaded.origins.get(name, "")
    if origin not in {"", "default", "file"}:
        foot.append(f"{origin} wins over the file: {written(getattr(loaded.settings, name))} holds here.")
    plain = {"setting": name, "value": value, "path": str(loaded.path), "origin": origin}
    return Listing(title="settings", columns=(), rows=(), plain=plain, foot=tuple(foot))
