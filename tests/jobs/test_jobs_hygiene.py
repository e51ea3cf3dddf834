"""The application's own process stays light while others do the work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

IMPORTS = """
import json, sys
import dltui.jobs
from dltui.commands._forms import form, form_names
from dltui.jobs.closed_form import needs_torch
from dltui.lab._names import NAMES
forms = [form(name) for name in form_names()]
assert {needs_torch(exhibit.module) for exhibit in NAMES.values()} == {True, False}
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""

WORKS = """
import json, os, sys
from dltui.jobs import Engine
if __name__ == "__main__":
    engine = Engine()
    engine.start()
    before = os.environ.copy()
    exhibit = engine.open_exhibit("two-weight-saddle")
    assert exhibit.wait(exhibit.set(lr=0.2), 100, settled=True)
    assert engine.warm.wait(100)
    job = engine.submit("landscape", {"model": "mlp:width=2", "data": "moons", "steps": 3})
    assert job.wait(100) and job.state == "done", job.failure
    calm = engine.run(["data", "show", "probe:surroundings"])
    assert calm.wait(100) and calm.state == "done", calm.failure
    assert not any("DLTUI_FORK_SERVER" in name for name in os.environ)
    engine.close()
    print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""

PROBE = """
import json, os, sys
import numpy as np
import torch

def surroundings():
    told = {"torch": "torch" in sys.modules, "threads": torch.get_num_threads()}
    told["mark"] = "DLTUI_FORK_SERVER" in os.environ
    print("this must not show")
    sys.stderr.write("nor this")
    with open("told.json", "w") as file:
        json.dump(told, file)
    return np.zeros((8, 2), np.float32), np.arange(8) % 2
"""


def _run(source: str, folder: Path, root: Path) -> tuple[set[str], str]:
    (folder / "app.py").write_text(source)
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    return set(json.loads(line)), done.stderr


def test_neither_torch_nor_textual_is_imported(tmp_path: Path, root: Path) -> None:
    loaded, _ = _run(IMPORTS, tmp_path, root)
    assert not {"torch", "textual"} & loaded


def test_the_application_never_loads_torch_and_workers_never_write_to_its_terminal(
    tmp_path: Path, root: Path
) -> None:
    (tmp_path / "probe.py").write_text(PROBE)
    loaded, errors = _run(WORKS, tmp_path, root)
    assert not {"torch", "textual"} & loaded
    assert errors == ""
    told = json.loads((tmp_path / "told.json").read_text())
    threads = subprocess.run(
        [sys.executable, "-c", "import torch; print(torch.get_num_threads())"],
        capture_output=True,
        text=True,
        env=os.environ,
        check=True,
    )
    assert told == {"torch": True, "threads": int(threads.stdout), "mark": False}


def test_warm_changes_nothing_where_it_is_imported_by_chance() -> None:
    before = (os.fstat(1).st_ino, os.fstat(2).st_ino)
    import dltui.jobs.warm as warm

    assert (os.fstat(1).st_ino, os.fstat(2).st_ino) == before
    assert "torch" in warm.PRELOADED


def test_what_is_preloaded_is_there() -> None:
    import dltui.jobs.warm as warm

    assert all(find_spec(module) for module in warm.PRELOADED)
