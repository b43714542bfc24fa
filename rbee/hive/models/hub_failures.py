"""What goes wrong between this machine and a model hub, and what a person is told of it."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from rbee.hive.models import listing
from rbee.hive.models.model_plan import host_of
from rbee.wire.errors import RbeeError

if TYPE_CHECKING:
    import httpx2

    from rbee.hive.models.model_plan import HubFile

#: Seconds to connect.
CONNECT_S = 5.0
_TRANSIENT_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
#: What the client raises for an answer that does not have the form of a hub's.
_NO_HUB = (ValueError, TypeError, AttributeError, LookupError, RecursionError, zlib.error)


class HubFailure(RbeeError):
    """What came of asking a hub in vain: `transient` where asking again may help.

    `retry_after_s` is the pause the hub asked for, in seconds.
    """

    transient = False
    retry_after_s: float | None = None


class SentAstray(ValueError):
    """A redirect that is not followed; its text says where to."""


def of_file(
    file: HubFile, message: str, suggestion: str, code: str = "download_failed"
) -> HubFailure:
    """A failure about one file of a repository."""
    facts = {"host": file.host, "repo": file.repo, "file": file.name}
    return HubFailure(code, message, suggestion, facts)


@contextmanager
def as_failures(repo: str, url: str) -> Iterator[None]:
    """Turn what the hub's client and its HTTP library raise into `HubFailure`."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    try:
        yield
    except OfflineModeIsEnabled as error:
        raise offline_error(repo) from error
    except HfHubHTTPError as error:
        raise _refusal(error, repo) from error
    except (ImportError, httpx2.InvalidURL) as error:
        raise _proxy_refused(repo, url, error) from error
    except (httpx2.RequestError, httpx2.StreamError, OSError, *_NO_HUB) as error:
        about_proxy = isinstance(error, ValueError) and "proxy" in str(error)
        if about_proxy and not isinstance(error, msgspec.ValidationError):
            raise _proxy_refused(repo, url, error) from error
        raise _out_of_reach(repo, url, _reason(error)) from error


def check_status(response: httpx2.Response) -> None:
    """Raise the client's own class of error for a status that is no success."""
    import httpx2
    from huggingface_hub import hf_raise_for_status

    if response.is_error:
        # Its text is not even read: what it means stands in the status and the headers.
        kept = [
            (name, value)
            for name, value in response.headers.items()
            if name.startswith("x-") or name in ("retry-after", "ratelimit", "ratelimit-policy")
        ]
        short = httpx2.Response(response.status_code, headers=kept, request=response.request)
        short.history = response.history
        hf_raise_for_status(short)


def _refusal(error: Any, repo: str) -> HubFailure:
    """What to tell about an answer with an error status; `error` is an `HfHubHTTPError`."""
    from huggingface_hub.errors import (
        DisabledRepoError,
        GatedRepoError,
        RemoteEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    response = error.response
    status = int(response.status_code)
    host = host_of(str(response.url))
    page = f"{endpoint()}/{repo}"
    login = "hf auth login (or set HF_TOKEN)"
    pause_s = _retry_after(response)
    # A signed address of a file store that has run out; the next try gets a new one.
    expired = (
        status in (401, 403) and bool(response.history) and "X-Error-Code" not in response.headers
    )
    code = "model_not_found"
    if isinstance(error, GatedRepoError):
        code, what = "model_gated", f"{repo} is gated: {host} answered {status}"
        fix = f"accept the licence at {page}, then: {login}"
    elif isinstance(error, RevisionNotFoundError):
        what = f"{repo} has no such revision"
        fix = f"look at the branches and tags on {page}, or leave out @revision"
    elif isinstance(error, RemoteEntryNotFoundError):
        what, fix = f"{repo} no longer holds that file", f"ask again, or look at {page}"
    elif isinstance(error, RepositoryNotFoundError) or status in (404, 410):
        what = f"{host} knows no repository {repo} ({status})"
        fix = f"check the spelling; if it is private: {login}"
    elif isinstance(error, DisabledRepoError):
        what, fix = f"{repo} has been disabled on {host}", "name another repository"
    elif status in (401, 403) and not expired:
        code, what = "model_gated", f"{host} does not let this user read {repo} ({status})"
        fix = f"accept the licence at {page}, then: {login}"
    else:
        code = "download_failed"
        why = "too many requests" if status == 429 else "an error of the hub"
        what = f"{host} answered {status} for {repo}: {why}"
        later = f"{pause_s:.0f} seconds" if pause_s else "a minute"
        fix = f"try again in {later}; what has been downloaded is kept"
    failure = HubFailure(code, what, fix, {"host": host, "status": status, "repo": repo})
    failure.retry_after_s = pause_s
    failure.transient = code == "download_failed" and (expired or status in _TRANSIENT_STATUS)
    return failure


def _retry_after(response: httpx2.Response) -> float | None:
    """Seconds the hub asks to wait: `Retry-After`, or `RateLimit` once nothing remains."""
    from huggingface_hub.utils import parse_ratelimit_headers  # type: ignore[attr-defined]

    stated = listing.pause_of(response.headers.get("Retry-After", ""))
    if stated is not None:
        return stated
    try:
        limit = parse_ratelimit_headers(response.headers)
    except ValueError:
        return None
    return listing.pause_of(str(limit.reset_in_seconds)) if limit and limit.remaining == 0 else None


def _out_of_reach(repo: str, url: str, why: str) -> HubFailure:
    host, (variable, proxy) = host_of(url), _proxy_for(url)
    way = f" through the proxy {_without_secret(proxy)} ({variable})" if proxy else ""
    failure = HubFailure(
        "download_failed",
        f"cannot read {repo} from {host}{way}: {why}",
        f"check the network (and {variable or 'HF_ENDPOINT'}); what has been downloaded is kept",
        {"host": host, "repo": repo},
    )
    failure.transient = True
    return failure


def _proxy_refused(repo: str, url: str, error: Exception) -> HubFailure:
    """A proxy that the HTTP library cannot use as it is written in the environment."""
    # The library looks at all of them, whether they are for this address or not.
    socks = [name for name, value in _proxies() if value.lower().startswith("socks")]
    variable = socks[0] if socks else _proxy_for(url)[0]
    fix = f"set {variable or 'the proxy'} to http://HOST:PORT, or unset it"
    why = _without_secret(" ".join(str(error).split()))
    if isinstance(error, ImportError) and "socks" in str(error).lower():
        why = "a SOCKS proxy needs a package that is not installed"
        fix = f'pip install "httpx2[socks]", or unset {variable or "ALL_PROXY"}'
    elif isinstance(error, ImportError):
        fix = "pip install --force-reinstall rbee"
    return HubFailure(
        "download_failed",
        f"cannot read {repo} from {host_of(url)}: {why}" + (f" ({variable})" if variable else ""),
        fix,
        {"host": host_of(url), "repo": repo, "variable": variable},
    )


def _proxy_for(url: str) -> tuple[str, str]:
    """The variable of the environment that sends requests for `url` to a proxy, and the proxy."""
    from urllib.request import proxy_bypass

    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return "", ""
    wanted = (f"{parts.scheme}_proxy", "all_proxy")
    return next((each for each in _proxies() if each[0].lower() in wanted), ("", ""))


def _proxies() -> list[tuple[str, str]]:
    """The variables of the environment that name a proxy, the more particular ones first."""
    names = ("https_proxy", "http_proxy", "all_proxy")
    written = [each for name in names for each in (name, name.upper())]
    return [(name, os.environ[name]) for name in written if os.environ.get(name)]


def _without_secret(text: str) -> str:
    """An address, or a text with one, without the user and password in it."""
    return re.sub(r"//[^/@\s]*@", "//", text)


def _reason(error: BaseException) -> str:
    """Why there is no answer, in the system's word where it has one, without addresses."""
    import httpx2

    if isinstance(error, SentAstray):
        return f"it sends the question on {error}"
    if isinstance(error, _NO_HUB):
        return "it does not answer as a model hub does"
    if isinstance(error, httpx2.ConnectTimeout):
        return f"no connection in {CONNECT_S:.0f} s"
    if isinstance(error, httpx2.TimeoutException):
        return "it stopped sending"
    if isinstance(error, httpx2.RemoteProtocolError):
        return "the connection was cut"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            named = f": {cause.filename}" if isinstance(cause.filename, str) else ""
            return f"{cause.strerror.lower()}{named}"
        cause = cause.__cause__ or cause.__context__
    return f"the connection failed ({type(error).__name__})"


def token_unusable(error: Exception) -> HubFailure:
    """A token of the hub's client that cannot be sent: its file cannot be read, or is no text."""
    why = "it is no text in UTF-8" if isinstance(error, UnicodeError) else str(error)
    if isinstance(error, OSError) and error.strerror:
        why = f"{error.strerror.lower()}: {error.filename}"
    return HubFailure(
        "download_failed",
        f"the hub is not asked, since the access token for it cannot be used: {why}",
        "hf auth login; or do without one, which open models need not: unset HF_TOKEN, remove that"
        " file",
    )


def certificates_unusable(error: OSError) -> HubFailure:
    """The authorities that the hub's client is to believe cannot be read."""
    import ssl  # late: hardly ever needed

    named = next(filter(os.environ.get, ("SSL_CERT_FILE", "SSL_CERT_DIR")), "")
    why = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
    return HubFailure(
        "download_failed",
        f"the hub's client cannot be used: {named or 'the certificates of the system'}:"
        f" {(why or str(error)).lower()}",
        f"have {named} name a file of certificates (PEM), or unset it"
        if named
        else "install the certificates of authorities (ca-certificates)",
    )


def client_unusable(why: str) -> HubFailure:
    """The hub's client cannot be used as its variables have it."""
    return HubFailure(
        "download_failed",
        f"the hub's client cannot be used: {why}",
        "look at the variables of that hive's environment that begin with HF_",
    )


def offline_error(repo: str, name: str = "") -> HubFailure:
    """The error where the hub may not be asked (`HF_HUB_OFFLINE`)."""
    return HubFailure(
        "download_failed",
        f"{name or repo} is not on this machine, and HF_HUB_OFFLINE forbids to fetch it",
        "unset HF_HUB_OFFLINE, or name a model that `rbee-keeper models` lists",
        {"host": host_of(endpoint()), "repo": repo},
    )


def endpoint() -> str:
    """Where the hub is, without user and password."""
    from huggingface_hub import constants

    parts = urlsplit(constants.ENDPOINT)
    return f"{parts.scheme}://{host_of(constants.ENDPOINT)}{parts.path}".rstrip("/")
