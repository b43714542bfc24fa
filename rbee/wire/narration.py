"""What the bees say: the one home of every line of narration.

A line has an actor, an action that programs can match, and a sentence for people. Lines are in
the present tense, at most 100 characters, more only where a name is as long; they are said after
the thing happened, and never hold a secret. Placeholders are filled with real numbers by `say`.
"""

import functools
import time
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from rbee.wire.filling import fill


class Narration(msgspec.Struct, kw_only=True, omit_defaults=True):
    """`narration`: one line, who says it, and what it belongs to."""

    actor: str
    action: str
    human: str
    job_id: str = ""
    correlation_id: str = ""
    at_ms: int = 0


class Line(NamedTuple):
    """A sentence of the vocabulary with its placeholders."""

    actor: str
    action: str
    text: str


def now_ms() -> int:
    """The time of day, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def say(line: Line, facts: Mapping[str, object], job_id: str = "") -> Narration:
    """`line` with its placeholders filled from `facts`, stamped with the time."""
    return Narration(
        actor=line.actor,
        action=line.action,
        human=fill(line.text, facts),
        job_id=job_id,
        correlation_id=job_id,
        at_ms=now_ms(),
    )


def size(amount: float) -> str:
    """Bytes for people, in powers of 1000: ``1.0 MB``, ``4.2 GB``."""
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 999.5:
            return f"{amount:.0f} {unit}" if unit in ("B", "KB") else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def seconds(amount: float) -> str:
    """A duration for people: ``0.3 seconds``, ``95 seconds``."""
    return f"{amount:.1f} seconds" if amount < 10 else f"{amount:.0f} seconds"


def rate(tokens_per_second: float) -> str:
    """How fast a model answers: ``about 2.4 tokens/s``, ``about 95 tokens/s``."""
    if tokens_per_second < 0.1:
        return "less than 0.1 tokens/s"
    return f"about {tokens(tokens_per_second)} tokens/s"


def tokens(per_second: float) -> str:
    """How many a model makes: ``2.4``, ``95``."""
    return f"{per_second:.{1 if per_second < 9.95 else 0}f}"


def load(loading_s: float) -> str:
    """For how long weights pass the network: ``95 seconds``; empty where that is worth no word."""
    return seconds(loading_s) if loading_s >= 1 else ""


def backend_name(backend: str) -> str:
    """``cuda`` as its makers write it."""
    return {"rocm": "ROCm", "vulkan": "Vulkan"}.get(backend, backend.upper())


def device_name(device: str) -> str:
    """``gpu1`` as people read it: ``GPU1``; of several ``GPU0 + GPU1``, ``GPU0 + CPU of attic``."""
    parts = (part.partition("@") for part in device.split("+"))
    return " + ".join(f"{on.upper()} of {hive}" if of else on.upper() for on, of, hive in parts)


def layers_in_words(layers: int, *, experts: bool) -> str:
    """``18 layers``, or ``experts of 18 layers``."""
    count = f"{layers} layer{'s' * (layers != 1)}"
    return f"experts of {count}" if experts else count


# Who says a line.
_keeper, _queen = functools.partial(Line, "bee-keeper"), functools.partial(Line, "queen")
_hive, _worker = functools.partial(Line, "hive"), functools.partial(Line, "worker")

# Phase 0-2: the keeper wakes the queen and hands in the job.
INFER_START = _keeper("infer.start", "starting inference request for {model_ref}")
CHAT_START = _keeper("chat.start", "starting a conversation with {model_ref}")
TEST_MODEL = _keeper(
    "infer.model", "minillama is a 1 MB test model; name a real one with --model HF:owner/repo"
)
QUEEN_ASLEEP = _keeper("queen.wake", "queen is asleep, waking queen...")
QUEEN_LAUNCH = _keeper("queen.launch", "launching queen on :{port} and waiting for health...")
QUEEN_AWAKE = _keeper("queen.healthy", "queen is awake and healthy")
QUEEN_ELSEWHERE = _keeper(
    "queen.elsewhere", "queen stays at {url}, where she was woken, until rbee-keeper down"
)
QUEEN_UNCHANGED = _keeper(
    "queen.unchanged", "queen was woken with other values, and keeps them: {names}"
)
CONNECTED = _keeper("queen.connected", "connected to queen via SSE")
NOT_CONNECTED = _keeper(
    "queen.unheard", "the queen's events cannot be read; what belongs to no job is not shown"
)
ADD_HIVE = _keeper("hive.add", "requesting queen to add {host} to hive catalog")
HIVE_ADDED = _keeper("hive.added", "hive {hive_id} is in the catalog")
HIVE_AWAKE = _keeper("hive.awake", "hive {hive_id} is awake")
HIVE_REMOVED = _keeper("hive.removed", "hive {hive_id} is removed from the catalog")
KEY_ADDED = _keeper("key.added", "key {name} is in the catalog; it is shown this once")
KEY_REMOVED = _keeper("key.removed", "key {name} is removed; nobody gets in with it any more")
NAME_GIVEN = _keeper("name.given", "{name} is {model_ref} from now on")
NAME_REMOVED = _keeper("name.removed", "the name {name} is removed; its model stays")
UPGRADE_STAYS = _keeper("upgrade.own", "this rbee stays at {version}: {why}")
UPGRADE_LOOKS = _keeper("upgrade.look", "looking for rbee {wanted}, beside the {version} in use...")
UPGRADE_NONE = _keeper("upgrade.own", "rbee {version} is the newest that pip finds")
UPGRADE_TRIES = _keeper("upgrade.try", "trying rbee {version} in a swarm of its own...")
UPGRADE_SWITCHES = _keeper(
    "upgrade.switch", "nothing runs any more; rbee {version} takes the place of {found}"
)
UPGRADE_ANSWERS = _keeper("upgrade.done", "rbee {version} has answered; {found} is removed")
UPGRADE_BACK = _keeper("upgrade.back", "rbee {version} is in use again, as before")
UPGRADE_AWAITED = _keeper("upgrade.wait", "rbee is being upgraded; waiting for that...")
UPGRADE_CUT = _keeper("upgrade.back", "an upgrade was broken off; rbee {version} is in use again")
UPGRADE_LATER = _keeper("upgrade.machine", "going on without {hive_id}: {why}")
UPGRADE_MACHINE = _keeper("upgrade.machine", "{hive_id} has rbee {version}, and has answered")
CASCADE = _keeper("queen.shutdown", "asking queen to cascade shutdown")
OTHER_JOBS = _keeper(
    "queen.busy", "queen still works for somebody else and goes to sleep afterwards"
)
KEEP_WARM = _queen("queen.warm", "keeping hive and worker warm")
PAGE_ENTERED = _queen("page.entered", "a browser is signed in on the page")
PAGE_OPENING = _keeper("page.opening", "opening the page at {url} in your browser...")
KEPT = _keeper("queen.kept", "the swarm stays awake, as somebody asked for")
DRAINING = _queen("queen.drain", "jobs that still run, and are ended first: {count}; new ones wait")
DRAINED = _queen("queen.drained", "no job runs")
EVENTS_GONE = _queen(
    "story.gone", "the events of this job are no longer kept ({size}); only its end is"
)
QUEEN_LEAVING = _keeper("queen.leaving", "queen is going to sleep; waiting for that")
UP = _keeper("swarm.up", "the swarm is up and stays; rbee-keeper down ends it")
STAYS = _keeper("swarm.up", "the swarm is up as long as this command is; Ctrl+C ends both")
AT_BOOT = _keeper(
    "swarm.boot",
    "the swarm is up, and will be whenever this machine is ({path}); "
    "rbee-keeper down --at-boot ends that",
)
NOT_AT_BOOT = _keeper("swarm.boot", "the swarm starts with this machine no more")
NEVER_AT_BOOT = _keeper("swarm.boot", "the swarm did not start with this machine")
DOWN = _keeper("swarm.down", "everything is off")
TOKEN_ROTATED = _keeper(
    "token.rotated",
    "the swarm has a new token; programs that hold the old one take it from "
    "rbee-keeper up --print-env (API keys stay as they are)",
)
NOTHING_RUNS = _keeper("swarm.nothing", "nothing is running")
JOBS_CANCELLED = _keeper("swarm.cancel", "jobs that were still running and are cancelled: {count}")
STRAY_HIVE = _keeper("hive.shutdown", "asking a hive without a queen to leave")
MODEL_HERE = _keeper("model.here", "model {model_ref} is on hive {hive_id} ({size})")
MODEL_REMOVED = _keeper("model.removed", "model {model_ref} is removed from hive {hive_id}")
WORKER_STOPPED = _keeper("worker.stopped", "worker {worker_id} has stopped")
CUT_BY_CONTEXT = _keeper(
    "answer.cut",
    "the answer stops here: the context of {context} tokens is full; ask for more with --ctx N",
)
TURNS_LEFT = _keeper(
    "chat.forgotten",
    "the context is full: the oldest {count} answers, and what they were to, are forgotten",
)
CUT_IN_CHAT = _keeper(
    "answer.cut", "the context of {context} tokens is full; /new forgets the conversation"
)
CUT_BY_LIMIT = _keeper(
    "answer.limit", "the answer stops here: {count} tokens are what --max-tokens allows"
)
GROWN_CALM = _keeper(
    "narration.calm",
    "this was told {count} times, and is one line from now on; --no-calm shows it (calm_after)",
)
CANCELLING = _keeper("job.cancel", "cancelling the job")

# Of each job, in the queen's log alone: whoever asked for it is told by its own events.
JOB_BEGUN = _queen("job.begun", "job {job_id} asks for {model_ref} ({by})")
JOB_PLACED = _queen("job.placed", "job {job_id} is with {worker_id} on {hive_id}, {device}")
JOB_OVER = _queen(
    "job.over", "job {job_id} is {state} after {took:.1f} s: {read} tokens in, {written} out"
)
JOB_FAILED = _queen("job.failed", "job {job_id} has failed after {took:.1f} s: {code}, {why}")

# Phase 3: a hive.
NO_HIVES = _queen("hive.none", "no hives found; adding local machine")
ADDING_HIVE = _queen("hive.add", "adding {host} to hive catalog")
MACHINE_REACHED = _queen("machine.reached", "{host} is reached at {address} over SSH")
MACHINE_LOGIN = _queen("machine.login", "{host} lets us in as {user}")
MACHINE_PYTHON = _queen("machine.python", "{host} has Python {version}")
MACHINE_DISK = _queen("machine.disk", "{host} has {free} of its disk free")
MACHINE_INSTALL = _queen(
    "machine.install", "installing rbee {version} on {host}; that takes minutes..."
)
MACHINE_REPLACE = _queen(
    "machine.install", "replacing rbee {found} on {host} by {version}; that takes minutes..."
)
MACHINE_ENVIRONMENT = _queen(
    "machine.environment", "{host} has made room for it; pip looks for what it needs..."
)
MACHINE_SENDS = _queen("machine.send", "sending {host} all that rbee needs ({size})...")
MACHINE_LOADS = _queen("machine.load", "{host} downloads {package} ({size})")
MACHINE_PLACES = _queen("machine.place", "{host} puts packages in place: {count}")
MACHINE_SHARES = _queen(
    "machine.shares", "{host} can have parts of models of other machines (RPC {version})"
)
MACHINE_ALONE = _queen("machine.alone", "{host} can have no part of a model of others: {why}")
MACHINE_INSTALLED = _queen("machine.rbee", "{host} has rbee {version}, installed in {seconds}")
MACHINE_RBEE = _queen("machine.rbee", "{host} has rbee {version}")
HIVE_APPROACH = _queen("hive.ssh", "reaching {host} over SSH...")
HIVE_TUNNEL_AGAIN = _queen(
    "hive.tunnel", "the SSH connection to hive {hive_id} broke off; it is made anew"
)
HIVE_IN_THE_OPEN = _queen(
    "hive.open",
    "{host} is spoken to without encryption: whoever is on that network reads prompts and answers",
)
HIVE_SKIPPED = _queen("hive.skipped", "going on without hive {hive_id}: {why}")
HIVE_UNFIT = _queen("hive.unfit", "to have hive {hive_id} again: {advice}")
HIVE_WAKE = _queen("hive.wake", "waking the beehive at {host}:{port}")
FIRST_HEARTBEAT = _queen(
    "hive.heartbeat", "first heartbeat from hive {hive_id}; checking capabilities..."
)
MACHINE_CALLED = _queen(
    "machine.wake", "the machine of hive {hive_id} is suspended; waking it by magic packet ({mac})"
)
MACHINE_CALLED_ALREADY = _queen(
    "machine.wait", "the machine of hive {hive_id} is being woken; waiting for it"
)
MACHINE_WAITS = _queen(
    "machine.wait", "waiting for the machine of hive {hive_id} to wake: {waited} of {limit}"
)
MACHINE_AWAKE = _queen("machine.awake", "the machine of hive {hive_id} is awake after {waited}")
MACHINE_NOT_AWAKE = _queen("machine.failed", "going on without hive {hive_id}: {why}")
MACHINE_SUSPENDED = _queen("machine.suspend", "the machine of hive {hive_id} is suspended again")
MACHINE_STAYS = _queen("machine.stays", "the machine of hive {hive_id} stays awake: {why}")
MACHINE_WAKES = _queen(
    "machine.wakes", "{host} is woken by a magic packet to {mac} ({interface}, {broadcast})"
)
MACHINE_WAKES_NOT = _queen("machine.wakes", "{host}: {why}; there: {fix}")
MACHINE_SUSPENDS = _queen("machine.suspends", "{host} is suspended again by: {command}")
MACHINE_SUSPENDS_NOT = _queen("machine.suspends", "{host}: {why}; there: {fix}")
SUSPEND_HELD = _hive("machine.stays", "this machine stays awake: {why}")
SUSPEND_FAILED = _hive("machine.failed", "this machine could not be suspended: {why}")
HIVE_OFFLINE = _queen("hive.offline", "hive {hive_id} was silent for {silent}; offline")
HIVE_ONLINE = _queen("hive.online", "hive {hive_id} is back")
HIVE_GONE = _queen("hive.gone", "hive {hive_id} has ended, and its workers with it")

# Phase 4: devices.
CAPABILITIES = _queen(
    "hive.devices", "hive {hive_id} has {devices}; models: {models}, workers: {workers}"
)
REGISTERED = _queen("hive.devices", "using registered capabilities of hive '{hive_id}'")
REGISTERED_ALL = _queen("hive.devices", "using registered capabilities of {count} hives")
STALE = _queen("hive.devices", "capabilities of hive '{hive_id}' are old; asking again...")
SIMULATED_GPUS = _hive("device.simulated", "the GPUs of this machine are simulated: {names}")

# Phase 5-6: placement.
PICKED = _queen(
    "schedule.pick",
    "basic scheduler picked {device} on hive {hive_id} (for advanced scheduling, see docs)",
)
WARM_WORKER = _queen(
    "schedule.warm", "worker {worker_id} on hive {hive_id} already has {model_ref} loaded"
)
MOVING_ON = _queen("schedule.again", "{why}; trying again")
WAIT_PREPARING = _queen("schedule.wait", "another job is preparing {model_ref}; waiting for it")
ANOTHER_WORKER = _queen(
    "schedule.another", "worker {worker_id} is busy and there is room for another"
)
WAIT_WORKER = _queen("schedule.wait", "worker {worker_id} is {state}; waiting for a slot")
BESIDE_FOR_VECTORS = _queen(
    "schedule.beside",
    "worker {worker_id} writes for others; starting one for vectors on {device} of hive {hive_id}",
)
BESIDE_FOR_TEXT = _queen(
    "schedule.beside",
    "worker {worker_id} makes many vectors; starting one more on {device} of hive {hive_id}",
)
BESIDE_IN_VAIN = _queen("schedule.beside", "{why}; waiting for the other worker")
WAIT_VECTORS = _queen(
    "schedule.wait", "worker {worker_id} writes for others; waiting for one that makes vectors"
)
WAIT_TEXT = _queen(
    "schedule.wait",
    "worker {worker_id} makes vectors for others, or does so next; waiting until it is done",
)
PLACE = _queen("schedule.place", "number {place} in the queue for {model_ref}")
PLACE_AND_WAIT = _queen(
    "schedule.place", "number {place} in the queue for {model_ref}; about {wait}"
)
WAIT_ROOM = _queen(
    "schedule.wait",
    "{device} on hive {hive_id} works for others; waiting until it has room for {model_ref}",
)
PLACE_OF_ROOM = _queen(
    "schedule.place", "number {place} in the queue for {device} on hive {hive_id}"
)
CONTEXT_SHORT = _queen(
    "schedule.context",
    "this takes {tokens} tokens, and {context} fit; looking for a worker with {wanted}",
)
CONTEXT_STAYS = _queen(
    "schedule.context", "no machine has room for that; the answer may end where {context} are full"
)
MOVE_BEGUN = _queen(
    "schedule.move",
    "{device} on hive {hive_id} has room again; starting {model_ref} there, which is on {old}",
)
MOVE_TO_JOINED = _queen(
    "schedule.move",
    "{device} on hive {hive_id} has room since a machine has joined; starting {model_ref} there,"
    " which is on {old}",
)
MOVED = _queen("schedule.move", "worker {worker_id} on {old} is replaced by one on a GPU")
MOVE_IN_VAIN = _queen("schedule.move", "{model_ref} stays on {old}: {why}")
ASK_ROOM = _queen("capacity.ask", "asking hive if there's room on {device}...")
ROOM = _queen("capacity.ok", "there is room in {device} for model {model_ref}")
NO_ROOM = _queen(
    "capacity.short", "insufficient VRAM on {device} for {model_ref}; trying next candidate..."
)
SPREAD = _queen("schedule.spread", "spread: {parts}")
MAY_BE_FASTER = _queen(
    "schedule.compare", "{device} on hive {hive_id} may be faster; asking if there's room..."
)
NOT_FASTER = _queen("schedule.compare", "{device} on hive {hive_id} will not do")
EXPECTED = _queen("schedule.speed", "expecting {rate} with {where}; {why}")
WEIGHTS_FIRST = _queen(
    "schedule.load", "weights go over the network for about {loading} before the first token"
)
PART_UNLOADED = _queen(
    "worker.unload", "unloaded idle worker {worker_id} of hive {hive_id} to make room"
)
SIDES_AWAKE = _queen("worker.sides", "parts of the model are awake on {hives}")
NEXT_PLACE = _queen(
    "schedule.next", "{device} on hive {hive_id} will not do: {why}; trying next candidate..."
)
WAIT_SILENT = _queen(
    "schedule.silent", "nobody else is left; waiting for hive {hive_id}, which is silent..."
)
WAIT_WAKING = _queen(
    "schedule.waking",
    "nobody else is left; waiting for hive {hive_id}, which is slow to wake...",
)
DEGRADED = _queen(
    "device.degraded",
    "{device} on hive {hive_id} is degraded for {model_ref}: workers keep dying on it",
)
HEALED = _queen("device.healed", "{device} on hive {hive_id} is no longer degraded for {model_ref}")
CPU_INSTEAD = _queen(
    "schedule.cpu", "no GPU can run {model_ref} now; FALLING BACK TO THE CPU (slow)"
)
CPU_FALLBACK = _queen(
    "schedule.cpu", "no GPU has room for {model_ref}; FALLING BACK TO THE CPU (slow)"
)

# Phase 7: the model.
MODEL_FOUND = _queen("model.found", "model {model_ref} found in hive catalog")
MODEL_ASKED = _queen("model.provision", "asked hive to download model {model_ref}")
MODEL_NOTE = _hive("model.choose", "{note}")
MODEL_SIZE = _hive("model.size", "model size = {size}; starting download")
MODEL_IN_LINE = _hive(
    "model.line", "waiting for other downloads from {host}; {before} are before this one"
)
MODEL_RESUME = _hive("model.resume", "resuming the download at {done} of {size}")
MODEL_TROUBLE = _hive("model.trouble", "{why}; going on from {done}")
MODEL_PERCENT = _hive("model.progress", "{percent}% @ {rate}/s")
MODEL_CACHED = _hive("model.cached", "model is already in the Hugging Face cache; using it")
MODEL_SHARED_CACHE = _hive(
    "model.shared_cache", "others may write to the Hugging Face cache; checking {size} in it"
)
MODEL_CACHE_WRONG = _hive(
    "model.cache_wrong", "{file} in the Hugging Face cache is not what the hub lists"
)
MODEL_DOWNLOADED = _hive("model.done", "model downloaded in {seconds}")
MODEL_CURRENT = _hive("model.current", "{model_ref} is up to date (version {commit})")
MODEL_NEWER = _hive("model.newer", "the hub has another version of {model_ref}: {commit}")
MODEL_UNASKED = _hive("model.unasked", "could not ask for a newer version: {why}")
MODEL_SHARED = _hive("model.shared", "the files are here already, as {other}")
MODEL_READY = _queen("model.ready", "model is downloaded by the hive")

# Phase 8: the kind of worker.
WORKER_ASKED = _queen("worker.provision", "asked hive to prepare worker {kind}")
WORKER_PREPARED = _queen("worker.prepared", "worker prepared and ready to deploy")
WORKER_PRESENT = _queen("worker.present", "worker {kind} already available")

# Phase 9-10: the worker.
WORKER_WAKE = _hive("worker.wake", "waking worker on :{port} with model={path}, device={device}")
WORKER_REGISTERED = _queen("worker.registered", "worker registered, waiting for heartbeat...")
WORKER_SIMULATED = _worker(
    "engine.simulated", "{device} is simulated: the engine runs on the CPU of this machine"
)
WORKER_LOADING = _worker("model.load", "loading model from {path} with {engine} {version}")
WORKER_LOAD_PERCENT = _worker("model.progress", "read {percent}% of the model")
WORKER_DEVICE = _worker("device.ready", "initialised {device} with {engine}")
WORKER_LOADED = _worker(
    "model.loaded", "model loaded in {seconds}: {size} of weights, context {context}"
)
DRAFT_UNFETCHED = _queen("draft.left", "left the draft {draft} out: {why}")
DRAFT_LEFT_OUT = _hive("draft.left", "left the draft {draft} out: {why}")
PROJECTOR_OFF = _worker("projector.off", "is shown no pictures: {why}")
DRAFT_OFF = _worker("draft.off", "does without the draft {draft}: {why}")
DRAFT_GAINS = _worker(
    "draft.gains", "{draft} writes ahead: {gain} times as fast as without when that was measured"
)
WORKER_RESTART = _hive(
    "worker.restart", "worker {worker_id} died ({how}); restart {count} in {delay:g} s"
)
WORKER_RECOVERED = _hive("worker.recovered", "worker {worker_id} is ready again")
WORKER_GIVEN_UP = _hive("worker.failed", "worker {worker_id} is given up: {why}")
WORKER_ENGINE_STUCK = _hive(
    "worker.stuck",
    "the engine of worker {worker_id} has done nothing for {stall:g} s (token_stall); ending it",
)
WORKER_STUCK = _hive("worker.stuck", "worker {worker_id} sends no heartbeats; ending it")
WORKER_IDLE = _hive("worker.unload", "unloaded worker {worker_id}, idle for {idle}")
WORKER_UNLOADED = _hive("worker.unload", "unloaded idle worker {worker_id} to make room")
QUEEN_CATALOG_ASIDE = _queen(
    "catalog.aside", "the catalog of hives was corrupt; it is kept as {name}"
)
HIVE_CATALOG_ASIDE = _hive(
    "catalog.aside", "the catalog of models was corrupt; it is kept as {name}"
)
OUTDATED = _queen("hive.outdated", "hive {hive_id} runs rbee {found}; putting it to sleep")
ADOPTED = _queen("hive.adopt", "hive {hive_id} is awake already; taking it over")
WORKER_READY = _queen("worker.ready", "{backend} worker is awake and ready")

# Phase 11: tokens.
INFER_CONNECTED = _queen("infer.start", "connection to worker established; starting inference")
PROMPT_WAITS = _worker("prompt.wait", "reads other prompts first; this one waits its turn")
CONTEXT_WAITS = _worker(
    "context.wait", "others fill the context that all share; this waits until they leave enough"
)
TOOLS_LEFT_OUT = _worker("tools.left", "this model was taught no tools; it answers without them")
TOOLS_ELSEWHERE = _queen("tools.elsewhere", "left out: {names}, which are tools of other servers")
ITEMS_LEFT_OUT = _queen(
    "items.left", "left out of the conversation: {names}, which no model here can be told"
)
PROMPT_SO_FAR = _worker("prompt.progress", "read {done} of {total} tokens of the prompt")
PROMPT_READ = _worker("prompt.read", "read the prompt: {tokens} tokens in {seconds}")
ANSWER_SO_FAR = _worker("answer.progress", "wrote {tokens} tokens so far, {rate} tokens/s")
INFER_DONE = _queen("infer.done", "worker finished inference")
COUNTS = _keeper("infer.counts", "{tokens_in} tokens in, {tokens_out} out{pace}")

# Phase 12: sleep.
STOP_WORKERS = _queen("cascade.workers", "shutting down workers...")
STOP_HIVES = _queen("cascade.hives", "shutting down hives...")
GOODBYE = _queen("cascade.done", "goodbye")
UNNOTED = _queen(
    "cascade.unnoted", "could not note in the catalog that hive {hive_id} sleeps: {why}"
)
UNREACHED = _queen("cascade.unreached", "could not reach hive {hive_id}: {why}")
