"""The house as it is packed: links are doors for readers, the wheel holds only ``dltui`` and runs anywhere."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

LINKS = {"commands": "dltui/commands", "models": "dltui/models", "assets": "dltui/assets"}


@pytest.mark.parametrize("name", LINKS)
def test_links_are_relative_and_lead_into_the_package(root: Path, name: str) -> None:
    link = root / name
    assert link.is_symlink()
    assert link.readlink() == Path(LINKS[name])
    assert link.resolve() == (root / LINKS[name]).resolve()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build an sdist, and the wheel from that sdist, as a package index would."""
    root = Path(__file__).resolve().parents[2]
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(root)],
        check=True,
        capture_output=True,
    )
    (built,) = out.glob("*.whl")
    return built


def test_wheel_holds_only_dltui(wheel: Path, root: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"dltui"}
    packed = {name for name in names if name.endswith(".py")}
    there = {str(path.relative_to(root)) for path in (root / "dltui").rglob("*.py")}
    assert packed == there
    assert {name for name in names if name.startswith("dltui/assets/")} >= {
        "dltui/assets/digits.npz",
        "dltui/assets/assets.toml",
        "dltui/assets/NOTICE",
    }
    assert not [name for name in names if "screens" in name and name.endswith(".svg")]
    assert wheel.stat().st_size < 5_000_000


def test_installed_wheel_runs_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    """In an own environment, from a folder that has a ``models`` of its own; heavy libraries are borrowed."""
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env" / "bin" / "python"
    site = next((tmp_path / "env" / "lib").glob("python*/site-packages"))
    zipfile.ZipFile(wheel).extractall(site)
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    (site / "borrowed.pth").write_text("\n".join(borrowed) + "\n")
    work = tmp_path / "project"
    (work / "models").mkdir(parents=True)
    (work / "models" / "__init__.py").write_text("raise RuntimeError('the user own models')\n")
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"DLTUI_HOME": str(tmp_path / "home")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [python, "-m", "dltui", *arguments],
            cwd=work,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )

    where = subprocess.run(
        [python, "-c", "import dltui; print(dltui.__file__)"],
        cwd=work,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert where.stdout.startswith(str(site))
    assert run("shapes", "conv2d", "-i", "1,3,8,8", "-o", "4", "-k", "3", "--json").returncode == 0
    shown = run("data", "show", "digits", "--json")
    assert shown.returncode == 0, shown.stderr
