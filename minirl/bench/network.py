"""Machines on one machine: network namespaces of Linux, joined by links of a limited speed, and a launcher for mpiexec.

Each namespace has its own network card, one end of a virtual cable (veth) whose other end is plugged into a bridge.
`tc` limits what leaves a card (token bucket). mpiexec starts each rank in its namespace by a script in the place of
ssh. Nothing outside can be reached from there. Needs root.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from minirl.bench.runner import OptionError

NAME, CARD = "minirl", "eth0"
LAUNCHER = """#!/bin/sh
while [ "${1#-}" != "$1" ]; do shift; done # flags of ssh
machine=${1##*.}
shift
exec ip netns exec NAME-$machine unshare --uts sh -c "hostname machine-$machine; $*"
"""
# MPICH takes the network, and not the memory that these machines have in common
ENVIRONMENT = {"MPIR_CVAR_NOLOCAL": "1", "UCX_TLS": "tcp,self", "UCX_NET_DEVICES": CARD, "FI_TCP_IFACE": CARD}


@contextmanager
def machines(number: int, megabits: int) -> Iterator[tuple[list[str], dict[str, str]]]:
    """So many machines, with links of this speed in Mbit/s; gives the beginning of a command that starts a rank on
    each, and what its environment needs. Raises OptionError where that is not allowed here."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("ip", "tc", "unshare"))):
        raise OptionError("--network makes network namespaces, which needs Linux, root, ip and tc (Debian: iproute2)")
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "launcher"
        script.write_text(LAUNCHER.replace("NAME", NAME), "utf-8")
        script.chmod(0o755)
        unplug(number)  # what a run that was killed has left
        try:
            plug_in(number, megabits)
            hosts = ",".join(f"10.77.0.{machine}" for machine in range(1, number + 1))
            by = ["-launcher", "ssh", "-launcher-exec", str(script), "-hosts", hosts, "-ppn", "1"]
            yield ["ip", "netns", "exec", f"{NAME}-1", "mpiexec", *by], ENVIRONMENT
        finally:
            unplug(number)


def plug_in(number: int, megabits: int) -> None:
    """Make the machines, and a bridge between them."""
    hub, bucket = f"{NAME}-hub", max(megabits * 1000 // 8 // 250, 64)  # kilobytes: what leaves in 4 ms
    do("ip netns add", hub)
    do("ip -n", hub, "link add bridge type bridge")
    do("ip -n", hub, "link set bridge up")
    for machine in range(1, number + 1):
        here, plug = f"{NAME}-{machine}", f"plug{machine}"
        do("ip netns add", here)
        do("ip link add", CARD, "netns", here, "type veth peer name", plug, "netns", hub)
        do("ip -n", here, f"addr add 10.77.0.{machine}/24 dev {CARD}")
        do("ip -n", hub, f"link set {plug} master bridge")
        do("ip -n", hub, f"link set {plug} up")
        for card in ("lo", CARD):
            do("ip -n", here, f"link set {card} up")
        do(f"ip netns exec {here} tc qdisc add dev {CARD} root tbf rate {megabits}mbit burst {bucket}kb latency 50ms")


def unplug(number: int) -> None:
    """Remove the machines and the bridge, where they are."""
    for name in ("hub", *range(1, number + 1)):
        subprocess.run(["ip", "netns", "delete", f"{NAME}-{name}"], capture_output=True)


def do(*words: str) -> None:
    """Run a command. Raises OptionError with what it said where it fails."""
    command = " ".join(words)
    done = subprocess.run(command.split(), capture_output=True, text=True)
    if done.returncode:
        raise OptionError(f"`{command}` failed: {done.stderr.strip()}")
