"""A SLURM of one node, started privately in a temporary folder from Debian's packages (slurm-wlm, munge)."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

NEEDED = ("slurmctld", "slurmd", "munged", "sbatch", "srun", "squeue", "scontrol", "scancel")
WHERE = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
PATIENCE = 60.0  # seconds for the node to be ready


def missing() -> str:
    """Why there can be no node here; empty when there can."""
    lacking = [name for name in NEEDED if shutil.which(name, path=WHERE) is None]
    if lacking:
        return f"no {', '.join(lacking)} here: apt-get install slurm-wlm munge"
    if os.geteuid() != 0:  # jobs are started by setuid, and /run/munge can't be ours
        return "a private slurmd can start jobs only as root"
    return ""


class Node:
    """One node with one partition, ``debug``; its clients find it by ``SLURM_CONF``."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._started = folder, list[subprocess.Popen[bytes]]()
        for name in ("state", "spool", "munge"):
            (folder / name).mkdir(parents=True)
        (folder / "munge").chmod(0o755)
        self.conf = folder / "slurm.conf"
        self.conf.write_text(self._conf())

    @property
    def environment(self) -> dict[str, str]:
        return {"SLURM_CONF": str(self.conf)}

    def start(self) -> None:
        """Start munged, slurmctld and slurmd, and wait until the node takes jobs."""
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
        self._spawn("slurmd", "-D", "-f", str(self.conf), "-N", "localhost")
        self._until(lambda: self.ask("sinfo", "-h", "-o", "%T").strip() == "idle", "the node")

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
        log = (self.folder / f"{name}.out").open("wb")
        self._started.append(
            subprocess.Popen(
                [path, *words],
                stdout=log,
                stderr=log,
                env=os.environ | self.environment,
                start_new_session=True,
            )
        )
        log.close()

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
        user, ports = pwd.getpwuid(os.geteuid()).pw_name, [_free_port(), _free_port()]
        lines = {
            "ClusterName": "here", "SlurmctldHost": f"{socket.gethostname().split('.')[0]}(127.0.0.1)",
            "SlurmUser": user, "SlurmdUser": user, "AuthType": "auth/munge",
             "AuthInfo": f"socket={self.folder}/munge/socket",
            "SlurmctldPort": ports[0], "SlurmdPort": ports[1], "ProctrackType": "proctrack/linuxproc",
            "TaskPlugin": "task/none", "SelectType": "select/cons_tres", "SelectTypeParameters": "CR_Core",
            "StateSaveLocation": self.folder / "state", "SlurmdSpoolDir": self.folder / "spool",
            "SlurmctldPidFile": self.folder / "slurmctld.pid", "SlurmdPidFile": self.folder / "slurmd.pid",
            "SlurmctldLogFile": self.folder / "slurmctld.log", "SlurmdLogFile": self.folder / "slurmd.log",
            "SwitchType": "switch/none", "MpiDefault": "none", "JobAcctGatherType": "jobacct_gather/none",
            "AccountingStorageType": "accounting_storage/none", "ReturnToService": 2, "KillWait": 3,
            "SchedulerParameters": "sched_interval=1,batch_sched_delay=0", "JobRequeue": 1, "MinJobAge": 60,
        }  # fmt: skip
        cores = os.cpu_count() or 1
        return "".join(f"{name}={value}\n" for name, value in lines.items()) + (
            f"NodeName=localhost NodeAddr=127.0.0.1 CPUs={cores} State=UNKNOWN\n"
            "PartitionName=debug Nodes=ALL Default=YES MaxTime=INFINITE State=UP\n"
        )


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
