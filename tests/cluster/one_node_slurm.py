"""A real SLURM cluster of one node, this machine, for as long as the tests need it.

Needs root and Debian's packages slurm-wlm and munge; neither systemd nor control groups. Everything it writes lies in
one temporary folder, and everything it starts is ended again.

    python tests/cluster/one_node_slurm.py            a shell with sbatch, squeue, scancel of such a cluster
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "setpriv")
CONFIG = """
ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={daemon}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CryptoType=crypto/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MailProg=/bin/true
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=1,sched_interval=5,bf_interval=5
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
ReturnToService=2
KillWait=5
MinJobAge=300
InactiveLimit=0
MpiDefault=none
NodeName={node} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=2000 State=UNKNOWN
PartitionName=normal Nodes={node} Default=YES MaxTime=INFINITE PriorityTier=1 GraceTime={grace} State=UP
PartitionName=urgent Nodes={node} MaxTime=INFINITE PriorityTier=9 PreemptMode=OFF State=UP
"""


@contextmanager
def one_node_slurm(*, grace: int = 30) -> Iterator[dict[str, str]]:
    """Start the cluster; gives the environment variables that its commands need.

    ``grace``: seconds from the signal of a preemption to the end of the job.
    """
    missing = [name for name in PROGRAMS if _which(name) is None]
    if missing or os.geteuid() != 0:
        raise RuntimeError(f"needs root, and apt-get install slurm-wlm munge; missing: {', '.join(missing) or 'root'}")
    with ExitStack() as ending:
        before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is ended then too
        ending.callback(signal.signal, signal.SIGTERM, before)
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="slurm-")))
        folder.chmod(0o755)
        for name in ("state", "spool"):
            (folder / name).mkdir()
        _munge(folder, ending)
        config = folder / "slurm.conf"
        config.write_text(_configuration(folder, grace))
        variables = {"SLURM_CONF": str(config)}
        environment = {**os.environ, **variables}
        _start(["slurmctld", "-D", "-i", "-f", str(config)], folder, ending, environment)
        _start(["slurmd", "-D", "-f", str(config)], folder, ending, environment)
        ending.callback(lambda: subprocess.run(["scancel", "-u", "root", "--signal=KILL"], env=environment, timeout=20))
        _until(lambda: "idle" in _told(["sinfo", "-h", "-p", "normal", "-o", "%T"], environment), "node", folder)
        yield variables


def _munge(folder: Path, ending: ExitStack) -> None:
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    socket_path = folder / "munge.socket"
    paths = {"key-file": key, "socket": socket_path, "pid-file": folder / "munge.pid", "seed-file": folder / "seed"}
    options = [f"--{name}={path}" for name, path in {**paths, "log-file": folder / "munged.log"}.items()]
    _start(["munged", "--foreground", "--force", *options], folder, ending, dict(os.environ))
    _until(socket_path.exists, "munge", folder)


def _configuration(folder: Path, grace: int) -> str:
    host = socket.gethostname().split(".")[0]
    ports = {"controller": _free_port(), "daemon": _free_port()}
    return CONFIG.format(folder=folder, host=host, node=host, cpus=os.cpu_count() or 1, grace=grace, **ports)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _which(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _start(command: list[str], folder: Path, ending: ExitStack, environment: dict[str, str]) -> None:
    log = (folder / f"{command[0]}.out").open("wb")
    program = _which(command[0])
    assert program
    guarded = ["setpriv", "--pdeathsig", "TERM", program, *command[1:]]  # even if this process is killed
    process = subprocess.Popen(guarded, stdout=log, stderr=log, env=environment, start_new_session=True)
    log.close()
    ending.callback(_end, process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(15)
    process.kill()
    process.wait()


def _told(command: list[str], environment: dict[str, str]) -> str:
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30).stdout


def _until(ready: object, what: str, folder: Path, *, seconds: float = 40) -> None:
    assert callable(ready)
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            logs = "\n".join(f"--- {log.name}\n{log.read_text()[-2000:]}" for log in folder.glob("*.[lo][ou][gt]"))
            raise RuntimeError(f"{what} did not come up\n{logs}")
        time.sleep(0.3)


if __name__ == "__main__":
    with one_node_slurm() as variables:
        sys.exit(subprocess.run([os.environ.get("SHELL", "/bin/sh")], env={**os.environ, **variables}).returncode)
