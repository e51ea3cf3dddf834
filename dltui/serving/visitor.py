"""The process of one visitor: the application, painted through pipes to the server that started it."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    """Run the application until the visitor leaves; a file to open at once may follow."""
    from dltui.tui.app import DltuiApp  # not above: processes that do the work import this module again

    app = DltuiApp(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    app.run()
    sys.exit(app.return_code or 0)


if __name__ == "__main__":
    main()
