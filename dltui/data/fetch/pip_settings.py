"""How pip is set up on this machine: its indexes, what it trusts; pip itself is asked."""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from dltui.data.fetch.web import PATIENCE, Access
from dltui.errors import DltuiError

SECTIONS = ("global", "download", ":env:")  # later ones win
DEFAULT = re.compile(r"--index-url\s+<url>.*?\(default\s+(\S+?)\)", re.DOTALL)
PATIENCE_WITH_PIP = 60.0  # seconds


@dataclass(frozen=True)
class PipSettings:
    """What pip would do.

    Attributes:
        indexes: Addresses of simple indexes, in order.
        links: Folders and pages with links to archives.
        access: How the web is reached.
    """

    indexes: tuple[str, ...]
    links: tuple[str, ...]
    access: Access


def pip_command() -> list[str] | None:
    """Return how pip is called, or None where there is none."""
    if find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    found = shutil.which("pip3") or shutil.which("pip")
    return [found] if found else None


def pip_settings(environ: Mapping[str, str] = os.environ) -> PipSettings:
    """Return how pip is set up, files and environment together.

    Args:
        environ: Environment variables, for where there is no pip to be asked.

    Returns:
        Indexes, links and access.

    Raises:
        DltuiError: If no index is known.
    """
    command = pip_command()
    set_ = _configured(command) if command else {}
    set_ |= {
        key: environ[name] for key in _KEYS if (name := f"PIP_{key.upper().replace('-', '_')}") in environ
    }
    links = tuple(shlex.split(set_.get("find-links", "")))
    if set_.get("no-index", "").lower() in {"1", "true", "yes", "on"}:
        return PipSettings((), links, _access(set_))
    first = set_.get("index-url") or environ.get("UV_DEFAULT_INDEX") or environ.get("UV_INDEX_URL", "")
    first = first or (_default(command) if command else "")
    indexes = tuple(filter(None, [first, *shlex.split(set_.get("extra-index-url", ""))]))
    if not indexes and not links:
        raise DltuiError("no Python package index is known here: install pip, or set PIP_INDEX_URL")
    return PipSettings(indexes, links, _access(set_))


_KEYS = (
    "index-url", "extra-index-url", "find-links", "no-index", "cert", "client-cert", "proxy", "trusted-host",
    "timeout", "default-timeout",
)  # fmt: skip


def _access(set_: Mapping[str, str]) -> Access:
    """Return how pip reaches the web."""
    try:
        patience = float(set_.get("timeout") or set_.get("default-timeout") or PATIENCE)
    except ValueError:
        patience = PATIENCE
    return Access(
        certificates=set_.get("cert", ""),
        client_certificate=set_.get("client-cert", ""),
        proxy=set_.get("proxy", ""),
        trusted=frozenset(host.partition(":")[0] for host in set_.get("trusted-host", "").split()),
        patience=min(patience, PATIENCE),
    )


def _configured(command: list[str]) -> dict[str, str]:
    """Return what pip's own files and variables say, as ``pip config list`` tells it."""
    found: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
    for line in _output([*command, "config", "list"]).splitlines():
        key, equals, value = line.partition("=")
        section, _, name = key.rpartition(".")
        if not equals or section not in found:
            continue
        try:
            found[section][name.lower().replace("_", "-")] = str(ast.literal_eval(value)).strip()
        except (ValueError, SyntaxError):
            continue
    return {name: value for section in SECTIONS for name, value in found[section].items()}


def _default(command: list[str]) -> str:
    """Return the index that pip uses when nothing is said, as its help tells it."""
    told = DEFAULT.search(_output([*command, "download", "--help"]))
    return re.sub(r"\s+", "", told[1]) if told else ""


def _output(command: list[str]) -> str:
    """Return what a command prints, or "" when it fails."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE_WITH_PIP, check=True,
            env=os.environ | {"COLUMNS": "400", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout
