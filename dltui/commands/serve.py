"""``dltui serve``: the terminal application in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dltui.commands._frame import verb_app
from dltui.commands._output import note
from dltui.errors import DltuiError, UsageError

app = verb_app()

HERE = "127.0.0.1"
SHORTEST = 8  # characters of a token


@app.command("serve")
def serve(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A saved result to open at once.")
    ] = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 for any that is free.")] = 0,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Where others may come from; needs --token.")
    ] = HERE,
    token: Annotated[
        str,
        typer.Option(
            "--token",
            envvar="DLTUI_TOKEN",
            show_envvar=False,
            help="What a visitor must know; better told by DLTUI_TOKEN, which `ps` does not show.",
        ),
    ] = "",
    visitors: Annotated[int, typer.Option("--visitors", min=1, help="Most at once; each is a process.")] = 4,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback when something fails.")] = False,
) -> None:
    """Show the terminal application in a browser, on this machine alone unless --host and --token are given."""
    del debug  # the command line looks for it by itself
    try:
        from dltui.serving.gate import QUERY, Gate, loopback
        from dltui.serving.server import Host
        from dltui.serving.server import serve as listen
    except ImportError as error:
        raise DltuiError(
            f"`dltui serve` needs {error.name}, which comes with: pip install 'dltui[web]'"
        ) from error
    if not loopback(host) and not token:
        raise UsageError(
            f"--host {host} lets others use this account through dltui; give them a --token of your own, "
            "or leave --host out and reach it by `ssh -L`"
        )
    if token and len(token) < SHORTEST:
        raise UsageError(
            f"--token has {len(token)} characters, which can be guessed; expected {SHORTEST} or more"
        )
    if file is not None:
        from dltui.results.store import load, peek

        if peek(file) is None:
            load(file)  # raises the sentence that says why

    def ready(bound: int) -> None:
        shown = f"[{host}]" if ":" in host else host
        note(f"dltui is at http://{shown}:{bound}/{f'?{QUERY}={token}' if token else ''} · Ctrl-C ends it")

    gate = Gate(token)
    listen(lambda: Host(gate, most=visitors, opened=file), host=host, port=port, ready=ready)
