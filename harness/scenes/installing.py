"""Which rbee a machine has, and what pip finds there."""

from __future__ import annotations

import shlex
import shutil
import socket
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

from harness.rig import swarm
from harness.rig.cluster import Cluster
from harness.rig.hosts import Host
from harness.rig.program import Finished
from harness.scenes import accidents, machines

#: Where `make test` puts the packages that rbee needs.
WHEELS = Path(sys.prefix) / ".wheels"

#: How long it may take until pip asks for the first package, in seconds.
_PIP_ASKS_S = 120.0
_PYTHON_HERE = Path(sys.base_prefix) / "bin" / "python3"
#: A process id that no process has: Linux counts to 4194304.
_NOBODY = 99999999
#: A Python that makes environments in another way.
_PYTHON = """#!/bin/sh
case "$1 $2" in
    "-m venv")
        {venv}
        exit ;;
esac
exec {python} "$@"
"""
#: What Debian's says where python3-venv is missing.
_NO_VENV = """cat <<'END'; exit 1
The virtual environment was not created successfully because ensurepip is not
available.  On Debian/Ubuntu systems, you need to install the python3-venv
package using the following command.

    apt install python3.11-venv

You may need to use sudo with that command.  After installing the python3-venv
package, recreate your virtual environment.
END
"""
#: Takes a thirtieth of the time; pip comes from elsewhere.
_WITHOUT_PIP = '{python} "$@" --without-pip'


def remove(cluster: Cluster, name: str) -> None:
    """A machine without rbee; what pip there fetches are the packages of this one."""
    host = cluster.hosts[name]
    shutil.rmtree(host.rbee_home)
    _let_pip_find(host, WHEELS)
    # The Python that the packages are for.
    host.environment["PATH"] = f"{_PYTHON_HERE.parent}:/usr/bin:/bin"


def downgrade(cluster: Cluster, name: str, version: str) -> None:
    """A machine with rbee of another version, as an installation leaves it.

    All else that rbee needs is there, whichever environment looks for it.
    """
    remove(cluster, name)
    host = cluster.hosts[name]
    python = host.rbee_home / "environments" / f"{version}-0-{_NOBODY}" / "bin" / "python"
    older = shlex.quote(str(accidents.other_version(host.folder, version)))
    _script(python, f'exec env PYTHONPATH={older} {shlex.quote(sys.executable)} "$@"\n')
    _script(python.with_name("rbee-keeper"), f'exec {python} -m rbee.keeper "$@"\n')
    (host.rbee_home / "venv").symlink_to(python.parents[1])
    _lend_packages(host, _is_needed)


def leave_behind(cluster: Cluster, name: str, version: str) -> None:
    """A hive of another version that was left warm on a machine, and whose queen is gone."""
    host = cluster.hosts[name]
    host.environment["PYTHONPATH"] = str(accidents.other_version(host.folder, version, "rbee.hive"))
    cluster.start("queen-rbee")
    cluster.assert_answers("queen")
    machines.add_hives(cluster, name)
    swarm.kill(cluster, "queen")
    del host.environment["PYTHONPATH"]


def lack_one_package(cluster: Cluster, name: str, lacking: str) -> None:
    """A machine has all the packages that rbee needs but for one, and Python as it comes."""
    host = cluster.hosts[name]
    _lend_packages(
        host, lambda each: _is_needed(each) and not each.startswith(("pip", lacking)), venv=""
    )


def find_no_packages(cluster: Cluster, name: str) -> None:
    """What pip on a machine wants is nowhere to be had."""
    host = cluster.hosts[name]
    _lend_packages(host, _is_pip)
    _let_pip_find(host, host.folder)


def start_in_vain(cluster: Cluster, command_line: str, name: str) -> None:
    """Starts a command, and waits until pip on a machine has asked for what it never gets."""
    host = cluster.hosts[name]
    server = socket.create_server((cluster.hosts.gateway, 0))
    cluster.on_close(server.close)
    address, port = server.getsockname()
    _lend_packages(host, _is_pip)
    # Over HTTPS, or pip would not trust it.
    host.write(".config/pip/pip.conf", f"[global]\nindex-url = https://{address}:{port}/simple\n")
    cluster.start(command_line)
    server.settimeout(_PIP_ASKS_S)
    asking, _ = server.accept()
    cluster.on_close(asking.close)


def take_venv_away(cluster: Cluster, name: str) -> None:
    """Python on a machine is as Debian ships it, without the means to make environments."""
    _change_venv(cluster.hosts[name], _NO_VENV)


def assert_current(cluster: Cluster, name: str) -> None:
    """The version of the person's own rbee is in use on a machine, and nothing of another."""
    ours = cluster.hosts.run_on(name, [sys.executable, "-m", "rbee.keeper", "--version"])
    assert_alone(cluster, name, ours.split()[-1])


def assert_alone(cluster: Cluster, name: str, version: str) -> None:
    """This version is in use on a machine, and nothing is there of another."""
    host = cluster.hosts[name]
    keeper = host.rbee_home / "venv" / "bin" / "rbee-keeper"
    # As for who comes over SSH: a person at this machine finds the project's own files first.
    search = host.environment.get("PYTHONPATH", "")
    said = cluster.hosts.run_on(name, ["env", f"PYTHONPATH={search}", str(keeper), "--version"])
    assert said.split()[-1] == version, said
    environments = _environments(host)
    assert len(environments) == 1, environments


def assert_none(cluster: Cluster, name: str) -> None:
    """No rbee is on a machine, nor part of one."""
    host = cluster.hosts[name]
    assert not _environments(host), _environments(host)
    assert not (host.rbee_home / "venv").is_symlink()


def assert_passed_on(finished: Finished) -> None:
    """What another program wrote last stands under the error, whatever it was."""
    passed_on = [line for line in finished.stderr.splitlines() if line.startswith("  log: ")]
    assert any(line.removeprefix("  log: ").strip() for line in passed_on), finished


def _lend_packages(host: Host, wanted: Callable[[str], bool], venv: str = _WITHOUT_PIP) -> None:
    """Every Python on a machine finds these packages of this one; pip has to be among them unless
    environments are made as ever, with an empty `venv`."""
    made = host.folder / "packages"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        if wanted(package.name):
            (made / package.name).symlink_to(package)
    host.environment["PYTHONPATH"] = str(made)
    if venv:
        _change_venv(host, venv.format(python=_PYTHON_HERE))


def _is_pip(package: str) -> bool:
    return package == "pip"


def _is_needed(package: str) -> bool:
    return not package.startswith(("rbee", "__editable__"))


def _change_venv(host: Host, venv: str) -> None:
    folder = host.folder / "bin"
    _script(folder / "python3", _PYTHON.format(python=_PYTHON_HERE, venv=venv))
    host.environment["PATH"] = f"{folder}:/usr/bin:/bin"


def _environments(host: Host) -> list[str]:
    return sorted(path.name for path in (host.rbee_home / "environments").glob("*"))


def _let_pip_find(host: Host, folder: Path) -> None:
    # Byte code is made by whoever needs it: most of these packages are never imported.
    host.write(
        ".config/pip/pip.conf",
        f"[global]\nno-index = true\nfind-links = {folder}\n[install]\ncompile = false\n",
    )


def _script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text if text.startswith("#!") else f"#!/bin/sh\n{text}")
    path.chmod(0o755)
