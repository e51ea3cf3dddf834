"""Where the archive of an npm package is: the registry that npm is set up to use, asked for one version."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, urlsplit

from dltui.data.fetch.manifest import Thing
from dltui.data.fetch.web import Access, Unreachable, page, told
from dltui.errors import DltuiError

NAMES = ("npm_config_registry", "NPM_CONFIG_REGISTRY")
PATIENCE_WITH_NPM = 60.0  # seconds
TOKEN = re.compile(r"\s*//(?P<host>[^/\s]+)(?P<path>/\S*?)?:_authToken\s*=\s*(?P<token>\S+)")
VARIABLE = re.compile(r"\$\{(\w+)\}")


def npm_address(wanted: Thing) -> tuple[str, Access]:
    """Return where the archive of an npm package is, and how to reach it.

    Args:
        wanted: The thing.

    Returns:
        The address of the ``.tgz``, and the token for its registry if the user has one.

    Raises:
        DltuiError: If no registry is known.
        Unreachable: If the registry doesn't have it.
    """
    registry = _registry()
    access = _access()
    address = f"{registry.rstrip('/')}/{quote(wanted.package, safe='@')}/{quote(wanted.version)}"
    text, _, _ = page(address, access, "application/json")
    try:
        return str(json.loads(text)["dist"]["tarball"]), access
    except (ValueError, KeyError, TypeError) as error:
        raise Unreachable(f"{told(address)} is no answer of an npm registry") from error


def _registry() -> str:
    """Return the registry that npm uses here."""
    for name in NAMES:
        if os.environ.get(name):
            return os.environ[name]
    npm = shutil.which("npm")
    if npm:
        try:
            done = subprocess.run(
                [npm, "config", "get", "registry"], capture_output=True, text=True, timeout=PATIENCE_WITH_NPM,
                check=True,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError):
            pass
        else:
            if urlsplit(done.stdout.strip()).scheme:
                return done.stdout.strip()
    for line in _npmrc().splitlines():
        key, equals, value = line.partition("=")
        if equals and key.strip() == "registry":
            return value.strip()
    raise DltuiError("no npm registry is known here: install npm, or set npm_config_registry to its address")


def _access() -> Access:
    """Return how the registry is reached: the tokens that the user's ``.npmrc`` has, host by host."""
    headers = {
        found["host"]: {"Authorization": f"Bearer {_filled(found['token'], os.environ)}"}
        for line in _npmrc().splitlines()
        if (found := TOKEN.match(line))
    }
    return replace(Access(), headers=headers)


def _npmrc() -> str:
    """Return what the user has told npm, or "" for nothing."""
    path = Path(os.environ.get("NPM_CONFIG_USERCONFIG") or Path.home() / ".npmrc")
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _filled(text: str, environ: Mapping[str, str]) -> str:
    """Return a text with ``${NAME}`` replaced, as npm does."""
    return VARIABLE.sub(lambda found: environ.get(found[1], found[0]), text)
