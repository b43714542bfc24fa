"""How URLs are made, and what headers are called. Routes stand beside their messages."""

from __future__ import annotations

from urllib.parse import urlsplit

HEALTH = "/health"
#: What is below is in OpenAI's words.
V1 = "/v1"
#: What of it clients of vLLM and of llama.cpp's server look for without that.
V1_AT_ROOT = (
    *("/chat/completions", "/embeddings", "/responses", "/rerank", "/reranking"),
    *("/tokenize", "/detokenize"),
)
#: What is at these paths, and below, is in Anthropic's words; the second is where clients look that
#: were told of an address without ``/v1``.
MESSAGES, MESSAGES_AT_ROOT = "/v1/messages", "/messages"
#: The same is here, and below, for requests that have this header; without it it is OpenAI's.
MODELS, ANTHROPIC_VERSION_HEADER = "/v1/models", "anthropic-version"
#: What is below is in ollama's words.
OLLAMA = "/api"
#: What is open to whoever has an API key.
FOR_CALLERS = (V1, OLLAMA)

#: All paths that callers ask, by what they begin with.
CALLED = (*FOR_CALLERS, *V1_AT_ROOT, MESSAGES_AT_ROOT)

#: Header that ties what a hive and a worker do to the job they do it for.
CORRELATION_HEADER = "X-Correlation-Id"
#: W3C's header, which says which trace, and which span of it, a request is a part of.
TRACE_HEADER = "traceparent"
#: What an answer can be spoken of by.
REQUEST_HEADER = "x-request-id"
#: The same to Anthropic's clients.
ANTHROPIC_REQUEST_HEADER = "request-id"
#: What of a request an answer does without.
WARNING_HEADER = "x-rbee-warning"

#: Header that brings a hive somebody's token for the hub, for this request alone.
HUB_TOKEN_HEADER = "X-Hub-Token"

LOOPBACK = ("127.0.0.1", "localhost", "::1")


#: Hosts that stand for every address of a machine, to listen at.
EVERYWHERE = ("0.0.0.0", "::")


def base_url(host: str, port: int, scheme: str = "http") -> str:
    """``http://host:port``, with brackets around an IPv6 address."""
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


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


def encrypted(url: str) -> str:
    """The same address, by ``https://``."""
    return f"https://{urlsplit(url).netloc}"


def from_here(url: str) -> str:
    """How a URL of `base_url` is reached from its own machine: one that listens everywhere also
    does at the loopback address."""
    there = at(url)
    if there is None or there[0] not in EVERYWHERE:
        return url
    return base_url("::1" if ":" in there[0] else "127.0.0.1", there[1])


def same(url: str, other: str) -> bool:
    """Whether two URLs are spellings of one address: ``localhost`` is ``127.0.0.1``."""
    return _plain(url) == _plain(other)


def _plain(url: str) -> tuple[str, int | None]:
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    return "localhost" if is_loopback(host) else host, parts.port


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server bound to `host`."""
    return host in LOOPBACK or (host.startswith("127.") and host.replace(".", "").isdigit())
