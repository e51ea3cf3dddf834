"""Where dltui keeps what it makes."""

import os
from pathlib import Path


def home() -> Path:
    """Return ``$DLTUI_HOME``, else ``dltui`` in the XDG data folder; it may not be there yet."""
    chosen = os.environ.get("DLTUI_HOME")
    if chosen:
        return Path(chosen).expanduser()
    shared = os.environ.get("XDG_DATA_HOME")
    return (Path(shared) if shared else Path.home() / ".local" / "share") / "dltui"


def runs_folder() -> Path:
    """Return the folder that holds one folder a run."""
    return home() / "runs"


def results_folder() -> Path:
    """Return the folder that holds saved results."""
    return home() / "results"


def cache_folder() -> Path:
    """Return ``$DLTUI_CACHE``, else ``cache`` in ``$DLTUI_HOME``, else ``dltui`` in the XDG cache folder.

    What is there may be deleted at any time: it is computed again, or fetched again when it is asked for.
    """
    chosen = os.environ.get("DLTUI_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    if os.environ.get("DLTUI_HOME"):
        return home() / "cache"
    shared = os.environ.get("XDG_CACHE_HOME")
    return (Path(shared) if shared else Path.home() / ".cache") / "dltui"
