"""Where the archive of a Debian package is: apt is asked, or the mirror that ``DLTUI_DEBIAN`` names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

from dltui.data.fetch.manifest import Thing
from dltui.errors import DltuiError

MIRROR = "DLTUI_DEBIAN"  # environment variable: address of a mirror, the folder that holds pool/
PATIENCE_WITH_APT = 60.0  # seconds
LINE = re.compile(r"'(?P<address>[^']+)' (?P<file>\S+) (?P<bytes>\d+)")


def debian_address(wanted: Thing) -> str:
    """Return where the ``.deb`` of a thing is.

    Args:
        wanted: The thing.

    Returns:
        Its address.

    Raises:
        DltuiError: If no mirror is known, or apt's doesn't have it.
    """
    mirror = os.environ.get(MIRROR)
    if mirror:
        initial = wanted.package[: 4 if wanted.package.startswith("lib") else 1]
        return f"{mirror.rstrip('/')}/pool/main/{initial}/{_source(wanted.package)}/{wanted.file}"
    apt = shutil.which("apt-get")
    if apt is None:
        raise DltuiError(
            f"{wanted.name} is in the Debian package {wanted.package}, and no mirror is known here: "
            f"set {MIRROR} to the address of one, or give the file with --from"
        )
    try:
        done = subprocess.run(
            [apt, "download", "--print-uris", wanted.spelled], capture_output=True, text=True, check=True,
            timeout=PATIENCE_WITH_APT,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise DltuiError(
            f"apt-get knows no {wanted.spelled}: try `apt-get update`, set {MIRROR} to the address of a mirror, "
            "or give the file with --from"
        ) from error
    found = LINE.search(done.stdout)
    if not found:
        raise DltuiError(f"apt-get tells no address for {wanted.spelled}: try `apt-get update`")
    return found["address"]


def _source(package: str) -> str:
    """Return the source package, after which folders of the pool are called."""
    return {"pocketsphinx-testdata": "pocketsphinx"}.get(package, package)
