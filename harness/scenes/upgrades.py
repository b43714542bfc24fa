"""rbee in environments of pip, of other versions, and the folders in which pip finds those."""

from __future__ import annotations

import atexit
import functools
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path

from harness.rig import swarm
from harness.rig.census import Member
from harness.rig.cluster import ROOT, Cluster, folder_for_homes
from harness.rig.program import Finished, Running
from harness.scenes import installing

#: How long it may take until an upgrade waits for jobs (seconds): pip, and a swarm that is tried.
_UPGRADE_S = 400.0
_BEGUN = "queen: worker <worker id> on hive localhost already has minillama loaded"
#: What minillama answers to hello.
_ANSWER = " Hello! How can I help you today?\n"

#: A home that a queen has been at before.
_IN_USE = (
    "import os as _os\n"
    "if _os.path.exists(_os.path.join(_os.environ.get('RBEE_HOME', ''), 'queen.db')):\n"
)
#: What goes wrong in a version, by what is said of it: the module that its code is added to.
FLAWS: Mapping[str, tuple[str, str]] = {
    "does not start": (
        "rbee/queen/daemon.py",
        'raise SystemExit("the new queen does not start")\n',
    ),
    "starts in a new home alone": (
        "rbee/queen/daemon.py",
        f"{_IN_USE}    raise SystemExit('the new queen cannot read this catalog')\n",
    ),
    "never answers in this home": (
        "rbee/queen/daemon.py",
        f"{_IN_USE}    __import__('time').sleep(600)\n",
    ),
}


@functools.cache
def _wheel_of_the_project() -> Path:
    folder = tempfile.mkdtemp(prefix="rbee-wheel-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    search = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "rbee.queen.wheels", folder]
    subprocess.run(command, check=True, env=search, cwd=ROOT)
    (wheel,) = Path(folder).glob("*.whl")
    return wheel


def write_wheel(folder: Path, version: str, flaw: str = "") -> Path:
    """The wheel of the project with another version number, and this flaw."""
    from wheel.wheelfile import WheelFile

    folder.mkdir(exist_ok=True)
    path = folder / f"rbee-{version}-py3-none-any.whl"
    module, code = FLAWS.get(flaw, ("", ""))
    with zipfile.ZipFile(_wheel_of_the_project()) as source, WheelFile(path, "w") as wheel:
        for name in source.namelist():
            if name.endswith("RECORD"):
                continue
            content = source.read(name)
            if name == "rbee/__init__.py":
                text = re.sub(r'__version__ = ".*"', f'__version__ = "{version}"', content.decode())
                content = text.encode()
            elif name.endswith(".dist-info/METADATA"):
                content = re.sub(rb"(?m)^Version: .*$", f"Version: {version}".encode(), content)
            elif name == module:
                content += code.encode()
            wheel.writestr(
                re.sub(r"^rbee-[^/]+\.dist-info", f"rbee-{version}.dist-info", name), content
            )
    return path


@functools.cache
def _environment_of(version: str) -> Path:
    """An environment that pip installed this version into, made once in a test process."""
    made = Path(tempfile.mkdtemp(prefix="rbee-environment-", dir=folder_for_homes()))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    own = made / "own"
    venv.create(own, with_pip=False, symlinks=True)
    (site,) = (own / "lib").glob("python*/site-packages")
    # All else that it needs, pip among it, is that of the project.
    lent = sysconfig.get_path("purelib")
    (site / "lent.pth").write_text(f"import site; site.addsitedir({lent!r})\n")
    wheel = write_wheel(made / "wheels", version)
    pip = [str(own / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-index"]
    clean = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    words = [*pip, "--no-deps", "--force-reinstall", str(wheel)]
    subprocess.run(words, check=True, env=clean, cwd="/")
    return own


def install_own(cluster: Cluster, version: str) -> None:
    """The person's own rbee is of this version, in an environment that pip installed it into."""
    made, own = _environment_of(version), cluster.folder / "own"
    shutil.copytree(made, own, symlinks=True)
    for script in (own / "bin").iterdir():
        if not script.is_symlink():
            script.write_bytes(script.read_bytes().replace(os.fsencode(made), os.fsencode(own)))
    cluster.use_python(str(own / "bin" / "python"))
    # It needs nothing but itself; to look through all that is lent takes pip longer than the rest.
    cluster.environment.update(PIP_NO_DEPS="1", PIP_NO_COMPILE="0")  # 0: as --no-compile
    offer(cluster)


def offer(cluster: Cluster) -> Path:
    """Where pip looks for packages, and nowhere else: a folder of the scenario."""
    index = cluster.folder / "index"
    index.mkdir(exist_ok=True)
    cluster.environment.update(PIP_NO_INDEX="1", PIP_FIND_LINKS=str(index))
    return index


def publish(cluster: Cluster, version: str, flaw: str = "") -> None:
    """A version can be had, for pip here."""
    write_wheel(offer(cluster), version, flaw)


def install_both(cluster: Cluster, names: str, version: str) -> None:
    """The person's own rbee, and that of machines, are of this version."""
    install_own(cluster, version)
    for name in names.split(", "):
        installing.downgrade(cluster, name, version)


def assert_own(cluster: Cluster, version: str) -> None:
    """The person's rbee, and the queen where she is awake, are of this version."""
    cluster.run("rbee-keeper status")  # any command looks after what was broken off
    said: Finished = cluster.run("rbee-keeper --version")
    assert said.stdout.split()[-1] == version, said
    left = [path.name for path in cluster.folder.glob(".own*")]
    assert not left, left
    assert not (cluster.home / "upgrade.json").exists()


def break_off(cluster: Cluster, upgrade: Running, how: str) -> None:
    """Ends an upgrade by Ctrl+C, or by kill -9."""
    if how == "Ctrl+C":
        upgrade.interrupt()
    else:
        upgrade.kill()
    cluster.finish(upgrade)


def begin_story(cluster: Cluster) -> tuple[Running, Member]:
    """A story of a warm swarm whose worker is stopped in the middle of it, and that worker, whose
    heartbeats nobody misses."""
    cluster.set(heartbeats_missed=10_000)
    swarm.leave_warm(cluster, "rbee-keeper infer --keep-alive 'hello'")
    worker = swarm.freeze(cluster, "worker")
    story = cluster.start("rbee-keeper infer --temperature 0 'hello'")
    story.wait_for_line(_BEGUN)
    return story, worker


def begin(cluster: Cluster, line: str, command_line: str = "rbee-keeper upgrade") -> Running:
    """An upgrade that has come as far as this line."""
    upgrade = cluster.start(command_line)
    upgrade.wait_for_line(line, deadline=_UPGRADE_S)
    return upgrade


def assert_answered(cluster: Cluster, running: Running) -> None:
    """It ends with the answer of minillama to hello."""
    finished = cluster.finish(running)
    assert finished.status == 0, finished
    assert finished.stdout == _ANSWER, finished
