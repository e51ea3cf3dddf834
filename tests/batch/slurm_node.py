"""A SLURM of some nodes, all on this host, started privately in a temporary folder from Debian's packages."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

NEEDED = ("slurmctld", "slurmd", "munged", "sbatch", "srun", "squeue", "scontrol", "scancel")
WHERE = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
# sent SIGTERM when the tests end, however that happens; it holds through the exec
LEASHED = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15); os.execv(sys.argv[1], sys.argv[1:])"
PATIENCE = 60.0  # seconds for the node to be ready


def missing() -> str:
    """Why there can be no node here; empty when there can."""
    lacking = [name for name in NEEDED if shutil.which(name, path=WHERE) is None]
    if lacking:
        return f"no {', '.join(lacking)} here: apt-get install slurm-wlm munge"
    if os.geteuid() != 0:  # jobs are started by setuid, and /run/munge can't be ours
        return "a private slurmd can start jobs only as root"
    return ""


class Cluster:
    """Nodes ``here1``, ``here2`` … with one partition, ``debug``; clients find it by ``SLURM_CONF``."""

    def __init__(self, folder: Path, nodes: int) -> None:
        self.folder, self._started = folder, list[subprocess.Popen[bytes]]()
        self.nodes = [f"here{number}" for number in range(1, nodes + 1)]
        for name in ("state", "munge", *(f"spool-{node}" for node in self.nodes)):
            (folder / name).mkdir(parents=True)
        (folder / "munge").chmod(0o755)
        self.conf = folder / "slurm.conf"
        self.conf.write_text(self._conf())

    @property
    def environment(self) -> dict[str, str]:
        return {"SLURM_CONF": str(self.conf)}

    def start(self) -> None:
        """Start munged, slurmctld and a slurmd for each node, and wait until all take jobs."""
        munge = self.folder / "munge"
        key = munge / "key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        self._spawn(
            "munged", "--foreground", "--force", f"--key-file={key}", f"--socket={munge}/socket",
            f"--pid-file={munge}/pid", f"--log-file={munge}/log", f"--seed-file={munge}/seed", "--num-threads=2",
        )  # fmt: skip
        self._until(lambda: (munge / "socket").exists(), "munge's socket")
        self._spawn("slurmctld", "-D", "-f", str(self.conf))
        for node in self.nodes:
            self._spawn("slurmd", "-D", "-f", str(self.conf), "-N", node)
        self._until(
            lambda: self.ask("sinfo", "-h", "-N", "-o", "%T").split() == ["idle"] * len(self.nodes), "nodes"
        )

    def ask(self, *words: str) -> str:
        """What a client of the node prints."""
        found = subprocess.run(
            words, env=os.environ | self.environment, capture_output=True, text=True, check=False
        )
        return found.stdout

    def stop(self) -> None:
        """End what was started, and its jobs."""
        self.ask("scancel", "--user", pwd.getpwuid(os.getuid()).pw_name)
        end = time.monotonic() + 10
        while self.ask("squeue", "-h").strip() and time.monotonic() < end:
            time.sleep(0.1)
        for process in reversed(self._started):
            process.send_signal(signal.SIGTERM)
        for process in reversed(self._started):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _spawn(self, name: str, *words: str) -> None:
        path = shutil.which(name, path=WHERE)
        assert path
        with (self.folder / f"{name}.out").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", LEASHED, path, *words],
                stdout=log,
                stderr=log,
                env=os.environ | self.environment,
                start_new_session=True,
            )
        self._started.append(process)

    def _until(self, holds, what: str) -> None:  # type: ignore[no-untyped-def]
        end = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > end or any(one.poll() is not None for one in self._started):
                logs = "\n".join(
                    path.read_text(errors="replace")[-1500:] for path in self.folder.glob("*.out")
                )
                self.stop()
                raise RuntimeError(f"{what} never came:\n{logs}")
            time.sleep(0.1)

    def _conf(self) -> str:
        user = pwd.getpwuid(os.geteuid()).pw_name
        lines = {
            "ClusterName": "here", "SlurmctldHost": f"{socket.gethostname().split('.')[0]}(127.0.0.1)",
            "SlurmUser": user, "SlurmdUser": user, "AuthType": "auth/munge",
             "AuthInfo": f"socket={self.folder}/munge/socket",
            "SlurmctldPort": _free_port(), "ProctrackType": "proctrack/linuxproc",
            "TaskPlugin": "task/none", "SelectType": "select/cons_tres", "SelectTypeParameters": "CR_Core",
            "StateSaveLocation": self.folder / "state", "SlurmdSpoolDir": self.folder / "spool-%n",
            "SlurmctldPidFile": self.folder / "slurmctld.pid", "SlurmdPidFile": self.folder / "slurmd-%n.pid",
            "SlurmctldLogFile": self.folder / "slurmctld.log", "SlurmdLogFile": self.folder / "slurmd-%n.log",
            "SwitchType": "switch/none", "MpiDefault": "none", "JobAcctGatherType": "jobacct_gather/none",
            "AccountingStorageType": "accounting_storage/none", "ReturnToService": 2, "KillWait": 3,
            "SchedulerParameters": "sched_interval=1,batch_sched_delay=0", "JobRequeue": 1, "MinJobAge": 60,
        }  # fmt: skip
        cores = os.cpu_count() or 1
        nodes = [
            f"NodeName={node} NodeHostname=localhost NodeAddr=127.0.0.1 Port={_free_port()} CPUs={cores} State=UNKNOWN"
            for node in self.nodes
        ]
        partition = "PartitionName=debug Nodes=ALL Default=YES MaxTime=INFINITE State=UP"
        return "\n".join([*(f"{name}={value}" for name, value in lines.items()), *nodes, partition, ""])


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
