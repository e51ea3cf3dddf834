"""What stands for a job's content: files that it reads, and none that it writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from dltui.batch.key import content_key
from dltui.batch.plan import Job


@pytest.mark.parametrize("option", ["--save", "--figure", "--record", "--orbit", "--gif", "--export"])
@pytest.mark.parametrize("form", ["{} file", "{}=file"])
def test_what_a_job_writes_does_not_count_among_what_it_reads(option: str, form: str, tmp_path: Path) -> None:
    words = ("splat", "train", "csg-table", *form.format(option).split())
    job = Job(name="a", group="a", words=words)
    before = content_key(job, words, {}, tmp_path)
    (tmp_path / "file").write_text("written")
    assert content_key(job, words, {}, tmp_path) == before


def test_what_a_job_reads_counts(tmp_path: Path) -> None:
    words = ("landscape", "lenet", "--weights", "file")
    job, found = Job(name="a", group="a", words=words), []
    for text in ("one", "two"):
        (tmp_path / "file").write_text(text)
        found.append(content_key(job, words, {}, tmp_path))
    assert found[0] != found[1]
