"""Fetching a model: what goes wrong on the way, and what is on the disk afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path

from fixtures.hub.control import FaultKind, SeenRequest
from harness.rig import cluster as processes
from harness.rig import machine
from harness.rig.cluster import NO_HUB, Cluster
from harness.rig.program import Finished
from harness.rig.waiting import wait_until

#: How long an impatient hive waits for a byte, in seconds.
STALL_S = 4.0
#: How long a download may take to get as far as a hub lets it, in seconds.
ARRIVAL_S = 60.0
#: Bytes of the small disk, and of one that has the catalogs and logs on it, too.
SMALL_DISK, SMALL_HOME = 4 << 20, 12 << 20


# The hub and what goes wrong on it.


def be_impatient(cluster: Cluster) -> None:
    """A stall counts as one after a moment, and nothing is tried a second time."""
    cluster.set(download_stall=STALL_S, download_tries=1)


def hub_for_impatient(cluster: Cluster, repository: str) -> None:
    """A hub that holds this repository, for hives that `be_impatient`."""
    be_impatient(cluster)
    machine.hub_with(cluster, repository)


def notice_stalls(cluster: Cluster) -> None:
    """A stall counts as one after a moment."""
    cluster.set(download_stall=STALL_S)


def fail_within(
    cluster: Cluster, kind: FaultKind, file: str, offset: int, times: int | None
) -> None:
    """From byte `offset` of a file on something goes wrong, `times` times; None means always."""
    cluster.hub.fault(f"*/{file}", kind, method="GET", after_bytes=offset, times=times)


def answer_nothing(cluster: Cluster) -> None:
    """Nobody ever hears of the hub again."""
    cluster.hub.fault("*", "stall", times=None)


def answer_status(
    cluster: Cluster, status: int, times: int | None = None, retry_after_s: int | None = None
) -> None:
    """The hub answers every request with an error, `times` times; None means always."""
    cluster.hub.fault("*", "status", status=status, times=times, retry_after=retry_after_s)


def list_outside(cluster: Cluster) -> None:
    """The hub lists a model at a commit that, as a folder, is outside of the home."""
    file = {"rfilename": "minillama-q8_0.gguf", "size": 1}
    listing = {"sha": "../../../../", "siblings": [file]}
    cluster.hub.fault("/api/models/*", "body", body=json.dumps(listing), times=None)


def list_without_end(cluster: Cluster, start: str) -> None:
    """The hub's listing begins so and never ends."""
    cluster.hub.fault("/api/models/*", "endless", body=start, times=None)


def send_slowly(cluster: Cluster, file: str, bytes_per_s: int) -> None:
    """The hub sends a file at this rate."""
    cluster.hub.fault(f"*/{file}", "slow", rate_bytes_s=bytes_per_s, times=None)


def reach_no_hub(cluster: Cluster) -> None:
    """Nobody listens where the hub would be."""
    cluster.environment["HF_ENDPOINT"] = NO_HUB


def log_in(cluster: Cluster, token: str) -> None:
    """The user's access token for the hub."""
    cluster.environment["HF_TOKEN"] = token


def spoil_token(cluster: Cluster, what: str) -> None:
    """Where the hub's client keeps the user's token there is ``a folder``, or ``no text``."""
    token = Path(cluster.environment["HF_HOME"]) / "token"
    token.parent.mkdir(parents=True, exist_ok=True)
    if what == "a folder":
        token.mkdir()
    else:
        token.write_bytes(b"hf_\xff\xfe")


def fetch_into_cache(cluster: Cluster, repository: str, file: str) -> None:
    """Has the user fetch a file with the hub's own tool, into the cache of that tool."""
    cluster.assert_status(
        0, cluster.run(f"python -m huggingface_hub.cli.hf download {repository} {file}")
    )
    cluster.hub.forget_requests()


def fake_in_shared_cache(cluster: Cluster, file: str) -> None:
    """Somebody else has put another content into a cache that anybody may write to.

    It is as long as the right one, and one bit of its weights is another.
    """
    [held] = [path for path in cluster.folder.rglob(file) if path.is_symlink()]
    blob = held.resolve()
    with blob.open("r+b") as content:
        content.seek(-1, os.SEEK_END)
        last = content.read(1)[0]
        content.seek(-1, os.SEEK_END)
        content.write(bytes([last ^ 1]))
    blob.chmod(0o666)


# A hive's questions, asked without a hive.


_ASK = """
import os, sys
from rbee.hive.models import hub
from rbee.hive.models.model_plan import Patience
from rbee.wire.errors import RbeeError
from rbee.wire.model_ref import parse_model_ref
from rbee.wire.settings import settings_from

settings = settings_from({name: os.environ[name] for name in os.environ if "_DOWNLOAD_" in name})
patience = Patience(settings.download_stall, settings.download_tries)
try:
    print(*(file.name for file in hub.resolve(parse_model_ref(sys.argv[1]), patience).files))
except RbeeError as error:
    print(error.message, error.suggestion, sep="\\n", file=sys.stderr)
"""


def ask_hub(cluster: Cluster, model: str) -> Finished:
    """What a hive is told of a model: names of files on stdout, else error and advice on stderr."""
    return cluster.run(shlex.join(["python", "-c", _ASK, model]))


# Commands that are under way.


def run_until_stalled(cluster: Cluster, command_line: str, file: str, arrived: int) -> None:
    """Starts a command; returns once the hub is stalled and so many bytes are on the disk."""
    cluster.start(command_line)
    cluster.hub.wait_until_stalled(ARRIVAL_S)
    wait_until(
        f"{arrived} bytes of {file} are on the disk",
        lambda: _partial_sizes(cluster, file) == [arrived],
        ARRIVAL_S,
    )


def run_until_unanswered(cluster: Cluster, command_line: str) -> None:
    """Starts a command; returns once it waits for a hub that does not answer."""
    cluster.start(command_line)
    cluster.hub.wait_until_stalled(ARRIVAL_S)


def interrupt(cluster: Cluster) -> None:
    """Ctrl+C of the command that runs, and its end."""
    cluster.current.interrupt()
    cluster.assert_status(130, cluster.finish())


def kill_everything(cluster: Cluster) -> None:
    """kill -9 of all programs at the same moment, as a power failure would do it."""
    for member in cluster.processes():
        with contextlib.suppress(ProcessLookupError):
            processes.kill(member)
    cluster.assert_nothing_left()
    cluster.finish()


def lose_file(cluster: Cluster, file: str) -> None:
    """Somebody deletes the file of a model."""
    _file(cluster, file).unlink()


# A disk.


def use_small_disk(cluster: Cluster, disk: Path | None = None, size: int = SMALL_DISK) -> None:
    """Gives the models, or what is named, a file system of its own of so many bytes; needs to mount
    it."""
    disk = disk or _models(cluster)
    disk.mkdir(mode=0o700, parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", os.fspath(disk)]
    subprocess.run(mount, check=True, capture_output=True)
    cluster.on_close(lambda: subprocess.run(["umount", "-l", os.fspath(disk)], check=True))


def fill_disk(cluster: Cluster) -> None:
    """Another program takes what is left of the models' disk; then the stalled hub goes on."""
    fill(_models(cluster))
    cluster.hub.clear_faults()
    cluster.finish()


def fill(folder: Path) -> None:
    """Another program takes what is left of a disk, to the last byte."""
    with contextlib.suppress(OSError), (folder / "film").open("wb", buffering=0) as film:
        while film.write(bytes(4096)):
            pass


def remove_models(cluster: Cluster) -> None:
    """Somebody removes the folders of models by hand."""
    for folder in _models(cluster).iterdir():
        shutil.rmtree(folder)


# What an outsider sees.


def assert_partial(cluster: Cluster, file: str, size: int) -> None:
    """So many bytes of an unfinished download are kept."""
    found = _partial_sizes(cluster, file)
    assert found == [size], f"{found} bytes; RBEE_HOME holds {cluster.files()}"


def assert_nothing_kept(cluster: Cluster) -> None:
    """Nothing of any model is on the disk."""
    kept = [path.name for path in _models(cluster).rglob("*") if path.is_file()]
    assert not kept, kept


def assert_whole(cluster: Cluster, repository: str, file: str) -> None:
    """A file is on the disk as the hub has it."""
    # Late: naming the repositories makes their models.
    from fixtures.hub.repositories import REPOSITORIES

    content = REPOSITORIES[repository].files[file]
    found = _file(cluster, file).read_bytes()
    assert found == content.body, f"{len(found)} bytes that are not the {content.size} of the hub"


def assert_resumed(cluster: Cluster, file: str, offset: int) -> None:
    """The file was asked for from its beginning, and then once from this byte on."""
    ranges = [seen.range for seen in _downloads(cluster, file)]
    assert ranges == [None, f"bytes={offset}-"], ranges


def assert_fetched(cluster: Cluster, file: str, times: int) -> None:
    """The file was asked for from its beginning so many times, and never from elsewhere."""
    ranges = [seen.range for seen in _downloads(cluster, file)]
    assert ranges == [None] * times, ranges


def assert_listing_alone(cluster: Cluster) -> None:
    """The hub was asked which files there are, and for no byte of any."""
    asked = [seen for seen in cluster.hub.requests() if seen.is_download]
    assert not asked, asked


def assert_redirected(cluster: Cluster) -> None:
    """The bytes came from where the hub redirected to."""
    came = {seen.path.partition("/resolve/")[0] for seen in cluster.hub.requests() if _bytes(seen)}
    assert came, cluster.hub.requests()
    assert all(path.startswith("/_cdn/") for path in came), came


# Inside.


def _models(cluster: Cluster) -> Path:
    return cluster.home / "models"


def _file(cluster: Cluster, file: str) -> Path:
    found = list(_models(cluster).rglob(file))
    assert len(found) == 1, f"{found} of {cluster.files()}"
    return found[0]


def _partial_sizes(cluster: Cluster, file: str) -> list[int]:
    return [path.stat().st_size for path in _models(cluster).rglob(f"{file}.*.part")]


def _downloads(cluster: Cluster, file: str) -> list[SeenRequest]:
    """The requests for a file's bytes but for those of its header."""
    seen = cluster.hub.downloads(file)
    return [one for one in seen if one.range is None or one.range.endswith("-")]


def _bytes(seen: SeenRequest) -> bool:
    return seen.is_download and seen.bytes > 0
