"""From a file ``jobs.toml`` to a plan; whatever is wrong with it is told in one sentence."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dltui.batch.matrix import combinations, named
from dltui.batch.needs import tied
from dltui.batch.placeholders import filled, inside, spelled
from dltui.batch.plan import BACKOFF, FINE, Job, Limits, Plan, Scalar
from dltui.batch.tables import Table, merged
from dltui.errors import DltuiError, UsageError, absent, unknown

TOP = ("collect", "limits", "defaults", "slurm", "job")
DEFAULTS = ("retries", "backoff", "timeout", "device", "env", "slurm", "ok")
KEYS = ("name", "run", "needs", "matrix", "files", *DEFAULTS)
SLURM = ("partition", "nodes", "gpus", "cpus", "memory", "time", "account", "qos")
LIMIT = re.compile(r"jobs|cpu|mps|cuda(:\d+)?")
NAME = re.compile(r"[A-Za-z0-9_-]+")
OF_A_JOB = ("run", "folder", "save", "json")  # what can be said of a job that is done
NESTED = ("tui", "serve", "watch", "batch", "sweep")  # verbs that are no jobs


def read_plan(path: Path) -> Plan:
    """Read a batch from its file.

    Args:
        path: A TOML file.

    Returns:
        The plan, every job with its own values.

    Raises:
        UsageError: If the file is missing, is no TOML, or asks for what can't be meant.
        DltuiError: If it can't be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, IsADirectoryError) as error:
        raise absent(path, "expected a TOML file with a [[job]] table a job") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DltuiError(f"can't read {path}: {error}; expected a TOML file in UTF-8") from error
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{path} is no TOML: {error or 'too deep'}") from error
    try:
        return _plan(path.resolve(), values)
    except UsageError as error:
        raise UsageError(f"{path.name}: {error}") from error


def _plan(path: Path, values: dict[str, Any]) -> Plan:
    """Return the plan that the values of a file spell."""
    top = Table("the file", values, TOP)
    defaults = Table("defaults", values.get("defaults", {}), DEFAULTS).values
    if slurm := values.get("slurm"):
        defaults = merged({"slurm": Table("slurm", slurm, SLURM).values}, defaults)
    listed = values.get("job", [])
    if not isinstance(listed, list) or not listed:
        raise UsageError('there is no job: begin one with a line [[job]] and give it run = "shapes conv2d …"')
    tables = [merged(defaults, one) if isinstance(one, dict) else one for one in listed]
    names = _names(tables)
    matrices = {name: one.get("matrix", {}) for name, one in zip(names, tables, strict=True)}
    jobs = [job for name, one in zip(names, tables, strict=True) for job in _jobs(name, one, matrices)]
    return Plan(
        source=path, jobs=tied(jobs), limits=_limits(values.get("limits", {})), collect=top.texts("collect")
    )


def _names(tables: list[Any]) -> list[str]:
    """Return what each job is called: what it says, else its verb, with a number where that is needed."""
    verbs = Counter(_verb(table) for table in tables if isinstance(table, dict) and "name" not in table)
    names: list[str] = []
    seen = Counter[str]()
    for place, values in enumerate(tables, 1):
        table = Table(f"job {place}", values, KEYS)
        if "name" in table.values:
            name = table.text("name")
        else:
            verb = _verb(table.values)
            seen[verb] += 1
            name = verb if verbs[verb] == 1 else f"{verb}-{seen[verb]}"
        if not NAME.fullmatch(name):
            raise UsageError(f"job {place} can't be called {name!r}: use letters, digits, _ and -")
        if name in names:
            raise UsageError(
                f"jobs {names.index(name) + 1} and {place} are both called {name!r}: give one another name"
            )
        names.append(name)
    return names


def _verb(table: Mapping[str, Any]) -> str:
    """Return the verb of a job, or ``job``."""
    run = table.get("run", "")
    words = (
        run.split() if isinstance(run, str) else [str(word) for word in run] if isinstance(run, list) else []
    )
    words = words[1:] if words[:1] == ["dltui"] else words
    return words[0] if words and NAME.fullmatch(words[0]) else "job"


def _jobs(group: str, values: Mapping[str, Any], matrices: Mapping[str, Any]) -> list[Job]:
    """Return the jobs of one table, one for each combination of its matrix."""
    table = Table(f"job {group!r}", values, KEYS)
    words = _words(table)
    matrix = _matrix(group, values.get("matrix", {}), matrices)
    found = combinations(group, matrix) if matrix else [{}]
    slurm = Table(f"slurm of job {group!r}", values.get("slurm", {}), SLURM).values
    retries, timeout = table.whole("retries", 0, 0), table.span("timeout", None)
    backoff = table.span("backoff", BACKOFF) or BACKOFF
    ok = table.codes("ok", FINE.get(words[0], (0,)))
    jobs = []
    for one in found:
        asked = _device(table, group, [_settled(word, group, one, matrices) for word in words])
        jobs.append(
            Job(
                name=named(group, one),
                group=group,
                words=asked[1],
                variables=one,
                needs=table.texts("needs"),
                retries=retries,
                backoff=backoff,
                timeout=timeout,
                device=asked[0],
                env=table.pairs("env"),
                files=tuple(_settled(file, group, one, matrices) for file in table.texts("files")),
                slurm=slurm,
                ok=ok,
            )
        )
    return jobs


def _words(table: Table) -> list[str]:
    """Return the command line of a job as words, without ``dltui``."""
    if "run" not in table.values:
        raise UsageError(
            f'{table.where} has no run: give it a command line, such as run = "train lenet --lr 0.1"'
        )
    try:
        words = (
            shlex.split(table.text("run")) if isinstance(table.values["run"], str) else [*table.texts("run")]
        )
    except ValueError as error:
        raise UsageError(
            f"can't read run of {table.where}: {error}; expected a command line as a shell takes it"
        ) from error
    words = words[1:] if words[:1] == ["dltui"] else words
    if not words:
        raise UsageError(f"run of {table.where} is empty: expected a verb with its arguments")
    return words


def _matrix(group: str, matrix: Any, matrices: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the matrix of a job; a name stands for the matrix of the job of that name."""
    seen = [group]
    while isinstance(matrix, str):
        if matrix not in matrices:
            raise unknown(f"job in matrix of {group!r}", matrix, matrices)
        if matrix in seen:
            raise UsageError(
                f"matrix of {group!r} points back to {matrix!r}: write the values in one of the two"
            )
        seen.append(matrix)
        matrix = matrices[matrix]
    if not isinstance(matrix, dict):
        raise UsageError(
            f"matrix of {group!r} must be a table such as {{lr = [0.1, 0.01]}}, or the name of a job with one"
        )
    return matrix


def _settled(word: str, group: str, one: Mapping[str, Scalar], groups: Mapping[str, Any]) -> str:
    """Return a word with the values of the matrix; what is said of other jobs stays in braces."""
    for name in inside(word):
        head, dot, rest = name.partition(".")
        if not dot and name not in one:
            said = [f"{other}.run" for other in groups if other != group]
            raise unknown(f"placeholder in {group!r}", name, [*one, *said])
        if dot and head not in groups:
            raise unknown(f"job in {{{name}}} of {group!r}", head, groups)
        if dot and head == group:
            raise UsageError(
                f"{{{name}}} of {group!r} speaks of {group!r} itself, which isn't done before it begins"
            )
        if dot and rest.partition(".")[0] not in OF_A_JOB:
            raise unknown(f"part of a job in {{{name}}} of {group!r}", rest, OF_A_JOB)
    return filled(word, lambda name: spelled(one[name]) if name in one else None)


def _device(table: Table, group: str, words: list[str]) -> tuple[str, tuple[str, ...]]:
    """Return where a job computes, and its words with the option that says so."""
    said = [words[place + 1] for place, word in enumerate(words[:-1]) if word == "--device"]
    said += [word.partition("=")[2] for word in words if word.startswith("--device=")]
    wanted = table.text("device")
    if said:
        return said[-1], tuple(words)
    if not wanted:
        return "", tuple(words)
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", wanted):
        raise UsageError(f"device of {group!r} can't be {wanted!r}: expected cpu, cuda, cuda:0, mps or auto")
    return wanted, (*words, "--device", wanted)


def _limits(values: Any) -> Limits:
    """Return how many jobs may run at once."""
    if not isinstance(values, dict):
        raise UsageError(f"limits must be a table such as {{jobs = 2, cuda = 1}}, not {values!r}")
    for name in values:
        if not LIMIT.fullmatch(name):
            raise unknown("limit", name, ("jobs", "cpu", "cuda", "cuda:0", "mps"))
    table = Table("limits", values, values)
    devices = {name: table.whole(name, 1, 1) for name in values if name != "jobs"}
    return Limits(table.whole("jobs", 1, 1), devices)
