"""From the file to jobs: matrices, needs, placeholders, and everything that can be wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dltui.batch.check import check
from dltui.batch.collect import dotted, nowhere
from dltui.batch.folder import job_folder
from dltui.batch.plan import Job, Limits, Plan
from dltui.batch.read import read_plan
from dltui.errors import UsageError
from dltui.spelling import seconds_of

CONV = "shapes conv2d --input 1,3,8,8 -o 4 -k 3"
A = f"[[job]]\nname='a'\nrun='{CONV}'\n"
SEEDED = f"[[job]]\nname='a'\nrun='{CONV} --seed {{s}}'\n"


def plan(tmp_path: Path, text: str) -> Plan:
    path = tmp_path / "jobs.toml"
    path.write_text(text)
    found = read_plan(path)
    check(found)
    return found


def by_name(found: Plan) -> dict[str, Job]:
    return {job.name: job for job in found.jobs}


def test_a_job_is_a_command_line_as_text_or_as_list(tmp_path: Path) -> None:
    found = plan(
        tmp_path,
        f'[[job]]\nrun = "dltui {CONV}"\n[[job]]\nname = "b"\nrun = {CONV.split()!r}\n'.replace("'", '"'),
    )
    assert [job.name for job in found.jobs] == ["shapes", "b"]
    assert found.jobs[0].words == found.jobs[1].words == tuple(CONV.split())


def test_defaults_hold_where_a_job_says_nothing_else(tmp_path: Path) -> None:
    found = plan(
        tmp_path,
        f"""
        [defaults]
        retries = 2
        timeout = "1h30m"
        env = {{ A = "1", B = 2 }}
        slurm = {{ partition = "cpu" }}
        [[job]]
        name = "a"
        run = "{CONV}"
        [[job]]
        name = "b"
        run = "{CONV}"
        retries = 0
        ok = [0, 1]
        env = {{ B = "3" }}
        device = "cpu"
        slurm = {{ time = "10m" }}
        """,
    )
    a, b = found.jobs
    assert (a.retries, a.timeout, a.env, a.slurm) == (2, 5400, {"A": "1", "B": "2"}, {"partition": "cpu"})
    assert (b.retries, b.timeout, b.env) == (0, 5400, {"A": "1", "B": "3"})
    assert b.slurm == {"partition": "cpu", "time": "10m"}
    assert b.words[-2:] == ("--device", "cpu")
    assert (a.device, b.device) == ("", "cpu")
    assert (a.ok, b.ok) == ((0,), (0, 1))


def test_a_matrix_is_every_combination_less_excluded_plus_included(tmp_path: Path) -> None:
    found = plan(
        tmp_path,
        """
        [[job]]
        name = "a"
        run = "shapes conv2d --input 1,3,8,8 -o {out} -k {k} --padding-mode {mode}"
        [job.matrix]
        out = [4, 8]
        k = [1, 3]
        mode = ["zeros"]
        exclude = [{ out = 8, k = 3 }]
        include = [{ out = 16, k = 5, mode = "reflect" }]
        """,
    )
    assert [job.name for job in found.jobs] == [
        "a[out=4,k=1,mode=zeros]",
        "a[out=4,k=3,mode=zeros]",
        "a[out=8,k=1,mode=zeros]",
        "a[out=16,k=5,mode=reflect]",
    ]
    assert found.jobs[3].words[5:9] == ("16", "-k", "5", "--padding-mode")


def test_values_are_spelled_as_people_write_them_and_stay_one_word(tmp_path: Path) -> None:
    found = plan(
        tmp_path,
        """
        [[job]]
        name = "a"
        run = "shapes {words} -o 4 -k 3 --input 1,3,8,8"
        matrix = { words = ["conv2d"] }
        [[job]]
        name = "b"
        run = "train lenet --lr {lr}"
        matrix = { lr = [1e-4, 0.1, 3] }
        """,
    )
    assert [job.words[-1] for job in found.jobs[1:]] == ["0.0001", "0.1", "3"]


def test_needs_pair_the_jobs_that_agree(tmp_path: Path) -> None:
    found = by_name(
        plan(
            tmp_path,
            f"""
            [[job]]
            name = "train"
            run = "{CONV} --seed {{seed}} --batch {{lr}}"
            matrix = {{ lr = [1, 2], seed = [0, 1] }}
            [[job]]
            name = "look"
            run = "landscape run:{{train.run}} --steps {{train.json.parameters}}"
            matrix = "train"
            [[job]]
            name = "each"
            run = "open {{lr}}"
            needs = "train"
            matrix = {{ lr = [2] }}
            [[job]]
            name = "all"
            run = "runs list"
            needs = ["train", "look[lr=1,seed=0]"]
            """.replace("--batch {lr}", "-k {lr}").replace("-k 3 ", ""),
        )
    )
    assert found["look[lr=2,seed=1]"].needs == ("train[lr=2,seed=1]",)  # by speaking of it alone
    assert found["each[lr=2]"].needs == ("train[lr=2,seed=0]", "train[lr=2,seed=1]")
    assert len(found["all"].needs) == 5


WRONG = {
    "no-toml": ("[[job]\nrun = 3", "no TOML", "line 1"),
    "no-job": ("collect = ['a']", "no job", "[[job]]"),
    "top-key": (f"[limit]\njobs=2\n[[job]]\nrun='{CONV}'", "key of the file 'limit'", "limits"),
    "key": (f"[[job]]\nname='a'\nrun='{CONV}'\nretry=3", "'retry'", "did you mean retries"),
    "no-run": ("[[job]]\nname='a'", "job 'a' has no run", "command line"),
    "quote": ("[[job]]\nname='a'\nrun='shapes \"conv2d'", "can't read run of job 'a'", "closing quotation"),
    "verb": ("[[job]]\nname='a'\nrun='shape conv2d'", "job 'a': unknown verb 'shape'", "shapes"),
    "option": ("[[job]]\nname='a'\nrun='shapes conv2d --inputt 1,3,8,8 -o 4 -k 3'", "job 'a'", "--input"),
    "screen": ("[[job]]\nname='a'\nrun='tui'", "job 'a': `dltui tui` is no job", "end by themselves"),
    "double": (A + A, "jobs 1 and 2 are both called 'a'", ""),
    "name": (f"[[job]]\nname='a b'\nrun='{CONV}'", "can't be called 'a b'", "letters"),
    "missing": (A.replace("'a'", "'train'") + f"{A}needs='trian'", "'trian'", "did you mean train"),
    "circle": (
        "".join(f"[[job]]\nname='{a}'\nrun='{CONV}'\nneeds='{b}'\n" for a, b in ("ab", "bc", "ca")),
        "in a circle: a needs b needs c needs a", "",
    ),
    "itself": (f"[[job]]\nname='a'\nrun='{CONV}'\nneeds='a'", "a needs a", ""),
    "placeholder": (f"{SEEDED}matrix={{ss=[1]}}", "placeholder in 'a' 's'", "ss"),
    "no-matrix": (f"[[job]]\nname='a'\nrun='{CONV} --seed {{lr}}'", "placeholder in 'a' 'lr'", ""),
    "part": (f"{A}[[job]]\nname='b'\nrun='open {{a.files}}'", "'files'", "folder"),
    "stranger": (f"{A}[[job]]\nname='b'\nrun='open {{c.run}}'", "unknown job", "a, b"),
    "doubt": (
        f"{SEEDED}matrix={{s=[1,2]}}\n[[job]]\nname='b'\nrun='open {{a.save}}'",
        "{a.save} of 'b' could mean 2 jobs", "matrix with s",
    ),
    "apart": (
        f"{SEEDED}matrix={{s=[1]}}\n[[job]]\nname='b'\n"
        f"run='{CONV} --seed {{s}}'\nmatrix={{s=[2]}}\nneeds='a'",
        "no job 'a' has s = 2", "",
    ),
    "empty": (f"{SEEDED}matrix={{s=[]}}", "must be a list of values", ""),
    "none-left": (
        f"{SEEDED}matrix={{s=[1], exclude=[{{s=1}}]}}", "leaves no combination", "",
    ),
    "excluded": (
        f"{SEEDED}matrix={{s=[1], exclude=[{{s=3}}]}}", "none of its values: 1", "",
    ),
    "retries": (f"[[job]]\nname='a'\nrun='{CONV}'\nretries=-1", "retries of job 'a' can't be -1", "whole number"),
    "ok": (f"[[job]]\nname='a'\nrun='{CONV}'\nok=[0, true]", "ok of job 'a' can't be [0, True]", "[0, 1]"),
    "timeout": (f"[[job]]\nname='a'\nrun='{CONV}'\ntimeout='soon'", "timeout of job 'a' can't be 'soon'", "1h30m"),
    "device": (f"[[job]]\nname='a'\nrun='{CONV}'\ndevice='gpu'", "device of 'a' can't be 'gpu'", "cuda"),
    "limit": (f"[limits]\ngpus=1\n[[job]]\nrun='{CONV}'", "unknown limit 'gpus'", ""),
    "slurm": (f"[slurm]\npartion='a'\n[[job]]\nrun='{CONV}'", "'partion'", "partition"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input_is_one_sentence(tmp_path: Path, name: str) -> None:
    text, what, hint = WRONG[name]
    with pytest.raises(UsageError) as told:
        plan(tmp_path, text)
    sentence = str(told.value)
    assert what in sentence
    assert hint.lower() in sentence.lower()
    assert "\n" not in sentence
    assert "jobs.toml" in sentence


def test_limits_count_in_all_and_by_device() -> None:
    limits = Limits(3, {"cuda": 2, "cuda:0": 1})
    assert limits.room("cuda:0", ["cuda:1"])
    assert not limits.room("cuda:0", ["cuda:0"])
    assert not limits.room("cuda:0", ["cuda:1", "cuda:2"])
    assert limits.room("cpu", ["cuda:1", "cuda:2"])
    assert not limits.room("cpu", ["cpu", "cpu", "cpu"])


TIMES = {3: 3, "90s": 90, "10m": 600, "1h30m": 5400, "0.5": 0.5, "h": None, 0: None, "": None, "-3": None}


@pytest.mark.parametrize(("text", "seconds"), TIMES.items())
def test_times(text: object, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


def test_dotted_paths() -> None:
    document = {"loss": {"center": 1.5}, "a.b": {"c": [1, {"d": 2}]}, "metrics": {"top": None}}
    assert dotted(document, "loss.center") == 1.5
    assert dotted(document, "a.b.c.1.d") == 2
    assert dotted(document, "a.b.c.-2") == 1
    assert dotted(document, "loss.centre") is None
    field = {"loss": [[4.0, 3.0, None], [2.0, 1.0, 2.5], [3.5, 3.0, 9.0]], "none": [], "words": ["a"]}
    told = {how: dotted(field, f"loss.{how}") for how in ("min", "max", "mean", "first", "last", "center")}
    assert told == {"min": 1.0, "max": 9.0, "mean": 3.5, "first": 4.0, "last": 9.0, "center": 1.0}
    assert dotted(field, "loss.1.max") == 2.5
    assert dotted(field, "none.max") is dotted(field, "none.center") is dotted(field, "words.mean") is None
    assert "did you mean loss.center" in nowhere("loss.centre", [document])


def test_folders_of_different_jobs_differ(tmp_path: Path) -> None:
    names = ["a", "a[x=1]", "a[x=1,y=2]", "a[x=b/c]", "a[x=b-c]", "a[x=b c]", "a[x=" + "é" * 300 + "]"]
    folders = {job_folder(tmp_path, name) for name in names}
    assert len(folders) == len(names)
    assert all(folder.parent == tmp_path / "jobs" and len(folder.name) < 250 for folder in folders)
