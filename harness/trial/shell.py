"""What lies where the owner types, and what surrounds it: folders, links and settings of others."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from harness.rig.waiting import wait_until
from harness.trial.stage import PROMPT, Stage, table
from harness.trial.tricks import NOBODY, Trick, TrickOutcome, carry_out

#: Python that tells that it was run.
_CODE = "import os\nos.makedirs({mark!r}, exist_ok=True)\n"
#: Names of files that some program, somewhere, would run or believe.
_NAMES = (
    "rbee.py", "rbee/__init__.py", "rbee/keeper/__main__.py", "sitecustomize.py",
    "usercustomize.py", "secrets.py", "json.py", "msgspec.py", "click.py", "aiohttp.py",
    "encodings.py", "_blake2.py",
    "paramiko.py", "xllamacpp.py", "huggingface_hub.py", "token.py", "socket.py", "pyvenv.cfg",
    "conftest.py", "rbee.pth",
)  # fmt: skip
_BELIEVED = (
    "config.toml",
    ".env",
    "pyproject.toml",
    "token",
    "queen.db",
    ".rbee/config.toml",
    "known_hosts",
)


def play(stage: Stage) -> list[TrickOutcome]:
    """All of it."""
    stage.cluster.assert_status(0, stage.cluster.run("rbee-keeper infer hello"))
    outcomes = carry_out("of a folder", _of_folders(stage))
    outcomes += carry_out("of a home", _of_homes(stage))
    return outcomes + carry_out("of a setting", _of_settings(stage))


def _of_folders(stage: Stage) -> Iterator[Trick]:
    for how in ("-m rbee.keeper", "script"):
        # Python itself looks for what -m names in the folder before all others.
        named = ("rbee.py", "rbee/__init__.py", "rbee/keeper/__main__.py") * how.startswith("-m")
        for name in sorted(set(_NAMES) - set(named)):
            yield Trick(
                f"{name} where the owner types ({how})",
                partial(_typed_beside, stage, name, how),
                _is("not run"),
            )
    for name in _BELIEVED:
        yield Trick(
            f"{name} where the owner types",
            partial(_believed_beside, stage, name),
            _is("not believed"),
        )
    for value in ("", ".", ":", ".:/usr/lib"):
        yield Trick(
            f"PYTHONPATH={value!r}, and secrets.py there",
            partial(_typed_beside, stage, "secrets.py", "script", value),
            _is("not run"),
        )
    yield Trick(
        "a prompt that was typed, in the list of processes",
        partial(_seen_in_ps, stage),
        _is("not seen"),
    )


def _of_homes(stage: Stage) -> Iterator[Trick]:
    elsewhere = stage.cluster.folder / "elsewhere"
    trials: tuple[tuple[str, Callable[[Path], Path]], ...] = (
        ("a link of another user's to a folder of theirs", _link_of_others),
        ("a link of one's own over a link in a folder of everybody's", _link_over_shared),
        ("a folder of one's own below a link of others", _below_a_link),
        ("a folder that others may write", _writable),
        ("a folder in one that others may write", _in_writable),
        ("a folder of another user", _of_nobody),
        ("a folder whose running/ is another user's", partial(_inside_of_nobody, "running")),
        ("a folder whose logs/ is another user's", partial(_inside_of_nobody, "logs")),
        ("a folder whose models/ is another user's", partial(_inside_of_nobody, "models")),
        ("a folder whose token is a link to another user's", _token_of_others),
        ("a folder whose config.toml is a link into /tmp", _config_of_others),
        ("a link in a circle", _circle),
        ("a pipe", _pipe),
        ("a file", _file),
        ("/dev/null", lambda folder: Path("/dev/null")),
        ("/proc/self", lambda folder: Path("/proc/self")),
        ("nothing below another user's", _nothing_below),
    )
    for number, (what, make) in enumerate(trials):
        folder = elsewhere / str(number)
        yield Trick(f"RBEE_HOME is {what}", partial(_opened, stage, folder, make), _is("refused"))


def _of_settings(stage: Stage) -> Iterator[Trick]:
    for line in table("settings"):
        name, _, value = line.partition("=")
        yield Trick(
            f"{name}={value[:40]!r}",
            partial(_set, stage, name, value),
            lambda seen: seen.startswith("status"),
        )


def _is(wanted: str) -> Callable[[str], bool]:
    return lambda seen: seen.startswith(wanted)


def _beside(stage: Stage) -> Path:
    """A folder of another user, in which the owner has ended up."""
    folder = stage.cluster.folder / "beside"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def _typed_beside(stage: Stage, name: str, how: str, search: str | None = None) -> str:
    folder = _beside(stage)
    mark = stage.cluster.folder / "mark"
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        _CODE.format(mark=str(mark))
        if name.endswith(".py")
        else f"import os; os.mkdir({str(mark)!r})\n"
    )
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    environment = {
        key: value for key, value in stage.cluster.environment.items() if key != "PYTHONPATH"
    }
    environment["PYTHONPATH"] = stage.cluster.environment["PYTHONPATH"] + (
        "" if search is None else f":{search}"
    )
    script = Path(stage.cluster.environment["PATH"].split(":")[0]) / "rbee-keeper"
    python = shutil.which("python", path=str(script.parent)) or "python"
    words = (
        [python, "-m", "rbee.keeper"]
        if how.startswith("-m")
        else [os.path.join(os.path.dirname(sys.executable), "rbee-keeper")]
    )
    subprocess.run(
        [*words, "infer", "hello"],
        cwd=folder,
        env=environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    ran = mark.exists()
    shutil.rmtree(mark, ignore_errors=True)
    return "run" if ran else "not run"


def _believed_beside(stage: Stage, name: str) -> str:
    folder = _beside(stage)
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("queen_port = 1\nRBEE_QUEEN_PORT=1\n")
    words = [sys.executable, "-m", "rbee.keeper", "infer", "hello"]
    ran = subprocess.run(
        words,
        cwd=folder,
        env=stage.cluster.environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return "not believed" if ran.returncode == 0 else f"believed: {ran.stderr[-200:]!r}"


def _seen_in_ps(stage: Stage) -> str:
    """What others see of a prompt once the command has begun."""
    running = stage.cluster.start(f"rbee-keeper infer '{PROMPT}'")
    wait_until("it says something", lambda: "starting inference" in running.stderr)
    told = Path(f"/proc/{running.pid}/cmdline").read_bytes()
    stage.cluster.finish(running)
    return "seen" if PROMPT.encode() in told else "not seen"


def _link_of_others(folder: Path) -> Path:
    folder.mkdir(parents=True)
    link = folder / "home"
    link.symlink_to("/etc")
    os.lchown(link, NOBODY, NOBODY)
    return link


def _link_over_shared(folder: Path) -> Path:
    (folder / "shared").mkdir(parents=True)
    (folder / "real").mkdir(mode=0o700)
    (folder / "shared" / "rbee").symlink_to(folder / "real")
    (folder / "shared").chmod(0o777)
    (folder / "home").symlink_to(folder / "shared" / "rbee")
    return folder / "home"


def _below_a_link(folder: Path) -> Path:
    _link_over_shared(folder)
    return folder / "home" / "below"


def _writable(folder: Path) -> Path:
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    return folder


def _in_writable(folder: Path) -> Path:
    return _writable(folder) / "home"


def _of_nobody(folder: Path) -> Path:
    folder.mkdir(parents=True)
    os.chown(folder, NOBODY, NOBODY)
    return folder


def _inside_of_nobody(name: str, folder: Path) -> Path:
    (folder / name).mkdir(parents=True)
    os.chown(folder / name, NOBODY, NOBODY)
    return folder


def _token_of_others(folder: Path) -> Path:
    folder.mkdir(parents=True)
    theirs = folder.with_name(folder.name + "-token")
    theirs.write_text("x" * 43)
    theirs.chmod(0o600)
    os.chown(theirs, NOBODY, NOBODY)
    (folder / "token").symlink_to(theirs)
    return folder


def _config_of_others(folder: Path) -> Path:
    folder.mkdir(parents=True)
    theirs = folder.with_name(folder.name + "-config")
    theirs.write_text('queen_host = "0.0.0.0"\n')
    theirs.chmod(0o666)
    (folder / "config.toml").symlink_to(theirs)
    return folder


def _circle(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "home").symlink_to(folder / "home")
    return folder / "home"


def _pipe(folder: Path) -> Path:
    folder.mkdir(parents=True)
    os.mkfifo(folder / "home")
    return folder / "home"


def _file(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "home").write_text("x")
    return folder / "home"


def _nothing_below(folder: Path) -> Path:
    return _of_nobody(folder) / "a" / "b"


def _opened(stage: Stage, folder: Path, make: Callable[[Path], Path]) -> str:
    """Whether a command takes that home, and whether it has made anything there."""
    home = make(folder)
    before = {path for path in (Path("/etc/logs"), Path("/etc/models")) if path.exists()}
    finished = stage.cluster.run(f"RBEE_HOME={home} rbee-keeper infer hello")
    made = {path for path in (Path("/etc/logs"), Path("/etc/models")) if path.exists()} - before
    for path in made:
        path.rmdir()
    if made:
        return f"made {made}"
    if finished.status == 0 or "Traceback" in finished.stderr:
        return f"taken: {finished.status} {finished.stderr[-200:]}"
    return f"refused: {finished.stderr.strip().splitlines()[0]}"


def _set(stage: Stage, name: str, value: str) -> str:
    environment = {**stage.cluster.environment, name: value}
    words = [sys.executable, "-m", "rbee.keeper", "status"]
    ran = subprocess.run(
        words, cwd=stage.cluster.work, env=environment, capture_output=True, timeout=60, check=False
    )
    said = (ran.stdout + ran.stderr).decode("utf-8", "replace")
    if "\x1b" in said or "Traceback" in said or "s3cret" in said:
        return f"told {said!r}"
    return f"status {ran.returncode}"
