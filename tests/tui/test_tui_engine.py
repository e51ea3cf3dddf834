"""Jobs begin from within the running application, whose stdout and stderr are stand-ins."""

from pathlib import Path

from dltui.tui.app import DltuiApp

from .conftest import until  # noqa: TID252 - the tests of this folder share it


async def test_a_job_runs_while_the_screen_belongs_to_textual(here: Path) -> None:
    app = DltuiApp(folder=here, warm=False)
    async with app.run_test() as pilot:
        job = app.run_job(["lab", "run", "two-weight-saddle"])
        await until(pilot, lambda: job.over, "the end")
        assert job.state == "done", job.failure
        assert job.path is not None
        assert job.path.exists()
