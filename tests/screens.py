"""Make the README's pictures again: the real program on a pseudo-terminal, drawn as SVG into ``assets/screens``."""

from __future__ import annotations

import asyncio
import os
import pty
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCREENS = ROOT / "dltui" / "assets" / "screens"

# file -> columns, rows that are kept, command line
COMMANDS = {
    "landscape": (100, 26, "landscape run:latest"),
    "hessian": (100, 24, "hessian run:latest --top 10"),
    "saddle": (100, 34, "lab run two-weight-saddle"),
    "shapes": (100, 12, "shapes conv2d --input 1,3,224,224 -o 64 -k 7 -s 2 -p 3"),
}


def main() -> None:
    """Train once, then take every picture from that run."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        work = Path(home) / "digits"
        work.mkdir()
        os.chdir(work)
        environment = os.environ | {
            "HOME": home,
            "DLTUI_HOME": f"{home}/.local/share/dltui",
            "PYTHONPATH": str(ROOT),
            "COLORTERM": "truecolor",
            "TERM": "xterm-256color",
            "PYTHONUTF8": "1",
        }
        dltui("quickstart --json", environment)
        for name, (columns, rows, line) in COMMANDS.items():
            picture(name, columns, rows, line, environment)
        os.environ.update(environment)
        asyncio.run(tui())


def dltui(line: str, environment: dict[str, str]) -> None:
    """Run a command for its results alone."""
    command = [sys.executable, "-m", "dltui", *line.split(), "--quiet"]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


def picture(name: str, columns: int, rows: int, line: str, environment: dict[str, str]) -> None:
    """Run a command on a terminal and keep its first rows as SVG."""
    import fcntl
    import termios

    from dltui.draw.screen_svg import svg_of

    main_end, child_end = pty.openpty()
    fcntl.ioctl(child_end, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    command = [sys.executable, "-m", "dltui", *line.split(), "--quiet"]
    process = subprocess.Popen(
        command, stdin=child_end, stdout=child_end, stderr=subprocess.DEVNULL, env=environment
    )
    os.close(child_end)
    written = b""
    while part := _read(main_end):
        written += part
    if process.wait():
        raise SystemExit(f"dltui {line} failed")
    lines = written.decode().replace("\r", "").split("\n")[:rows]
    while lines and not lines[-1].strip():
        lines.pop()
    (SCREENS / f"{name}.svg").write_text(svg_of(lines, title=f"dltui {line}"), encoding="utf-8")


def _read(descriptor: int) -> bytes:
    """Read what the program wrote; nothing when it has ended."""
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux says so when the other side is closed
        return b""


async def tui() -> None:
    """Take the application's home and a landscape in it."""
    from dltui.runs import results_folder
    from dltui.tui.app import DltuiApp

    app = DltuiApp()
    async with app.run_test(size=(120, 36)) as pilot:
        await _settled(pilot)
        app.save_screenshot("home.svg", path=str(SCREENS))
    (landscape,) = results_folder().glob("*-landscape.safetensors")
    app = DltuiApp(landscape)
    async with app.run_test(size=(120, 36)) as pilot:
        await _settled(pilot)
        app.save_screenshot("result.svg", path=str(SCREENS))


async def _settled(pilot: object) -> None:
    """Wait until workers are done and everything is painted."""
    await pilot.app.workers.wait_for_complete()  # type: ignore[attr-defined]
    for _ in range(5):
        await pilot.pause(0.2)  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
