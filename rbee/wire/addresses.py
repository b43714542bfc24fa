"""Where everything is: route paths and how URLs are made. Ports live in `settings`."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

HEALTH = "/health"
EVENTS = "/events"
SHUTDOWN = "/shutdown"
STAY = "/stay"

# Queen.
JOBS = "/jobs"
HIVES = "/hives"
HIVES_WAKE = "/hives/wake"
OPERATIONS = "/operations"
ADD_HIVE = "/add-hive"
HEARTBEAT = "/heartbeat"
KEYS = "/keys"

# Queen, in OpenAI's words.
V1 = "/v1"
V1_MODELS = "/v1/models"
V1_CHAT = "/v1/chat/completions"
V1_COMPLETIONS = "/v1/completions"
V1_EMBEDDINGS = "/v1/embeddings"
OPENAPI = "/openapi.json"

# Hive.
DEVICES = "/devices"
CAPACITY = "/capacity"
MODELS = "/models"
MODELS_PROVISION = "/models/provision"
WORKERS = "/workers"
WORKERS_PROVISION = "/workers/provision"
WORKERS_START = "/workers/start"
ADOPT = "/adopt"
HEARTBEAT_WORKERS = "/heartbeat/workers"

# Worker.
INFER = "/infer"
INFER_FAIL = "/infer/fail"

#: Header that ties what a hive and a worker do to the job they do it for.
CORRELATION_HEADER = "X-Correlation-Id"

#: Header that brings a hive somebody's token for the hub, for this request alone.
HUB_TOKEN_HEADER = "X-Hub-Token"

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def base_url(host: str, port: int) -> str:
    """``http://host:port``, with brackets around an IPv6 address."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def host_of(url: str) -> str:
    """The host of a URL of `base_url`, without brackets."""
    return urlsplit(url).hostname or ""


def at(url: str) -> tuple[str, int] | None:
    """Host and port of a URL of `base_url`; None for what is none, whoever has sent it."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    return (host, port) if parts.scheme == "http" and host and port else None


def same(url: str, other: str) -> bool:
    """Whether two URLs are spellings of one address: ``localhost`` is ``127.0.0.1``."""
    return _plain(url) == _plain(other)


def _plain(url: str) -> tuple[str, int | None]:
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    return "localhost" if is_loopback(host) else host, parts.port


def model_path(ref: str) -> str:
    """The path of one model; a reference has slashes and colons of its own."""
    return f"{MODELS}/{quote(ref, safe='')}"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server bound to `host`."""
    return host in LOOPBACK or (host.startswith("127.") and host.replace(".", "").isdigit())
