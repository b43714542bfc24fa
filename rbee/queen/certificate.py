"""The queen's certificate: made when it is first wanted, and kept in ``RBEE_HOME/tls``.

Whom it speaks for, and when it is made anew, is decided in `certificate_terms`; it is made in
`certificate_files`.
"""

from __future__ import annotations

import hashlib
import logging
import os
import socket
import ssl
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from rbee.http.encryption import Context
from rbee.process.home import Home
from rbee.process.public_key import key_of
from rbee.queen.certificate_terms import Terms, is_due, names_for, renewed
from rbee.wire.errors import RbeeError, invalid
from rbee.wire.messages.certificate import CertificateView
from rbee.wire.settings import Settings

log = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(timezone.utc)


class Certificates:
    """The certificate of one queen: her own, or the one that a person has set."""

    def __init__(self, home: Home, settings: Settings, now: Callable[[], datetime] = _now) -> None:
        self._folder = home.tls
        self._set = (settings.tls_certificate, settings.tls_key)
        self._allowed_hosts = settings.allowed_hosts
        self._now = now
        self._terms: Terms | None = None
        self._context: Context | None = None
        #: When the files of the certificate that was set were written.
        self._read: tuple[int, ...] = ()
        self._complained = ""

    def context(self, address: str) -> Context:
        """For a connection to this address. Raises `home_unusable` and `invalid_request` where
        there is no certificate; the first time that is logged, too."""
        try:
            made = self._of_a_person() if any(self._set) else self._own(address)
        except RbeeError as error:
            if error.message != self._complained:
                log.error("no connection can be encrypted: %s", error.message)
                self._complained = error.message
            raise
        self._complained = ""
        return made

    def view(self, address: str) -> CertificateView:
        """What others have to know of it. Raises as `context` does."""
        key = self.context(address).key
        shown = _first(Path(self._set[0]) if any(self._set) else self._folder / "certificate.pem")
        fingerprint = hashlib.sha256(shown).hexdigest()
        if any(self._set):
            from rbee.queen.certificate_files import a_name_in  # late: it takes its time

            return CertificateView(key=key, fingerprint=fingerprint, name=a_name_in(shown))
        authority = (self._folder / "authority.pem").read_text("ascii")
        return CertificateView(key=key, fingerprint=fingerprint, authority=authority)

    def _of_a_person(self) -> Context:
        if not all(self._set):
            raise invalid(
                "of tls_certificate and tls_key one is set, and not the other",
                "set both in config.toml, or neither",
            )
        try:
            read = tuple(os.stat(each).st_mtime_ns for each in self._set)
            if self._context is None or read != self._read:
                self._context = _context_of(*map(Path, self._set))
                self._read = read
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            why = getattr(error, "strerror", None) or error
            raise invalid(
                f"tls_certificate {self._set[0]} and tls_key {self._set[1]} cannot be used: {why}",
                "name two files in PEM, and no passphrase in the second",
            ) from None
        return self._context

    def _own(self, address: str) -> Context:
        names = names_for(socket.gethostname(), self._allowed_hosts)
        now = self._now()
        is_known = self._terms is not None and not is_due(self._terms, names, address, now)
        if self._context is not None and is_known:
            return self._context
        from rbee.queen import certificate_files as files  # late: few connections are encrypted

        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            kept = files.CertificateFiles(self._folder)
            terms = kept.terms()
            if terms is None or is_due(terms, names, address, now):
                terms = renewed(terms, names, address, now)
                kept.write(terms)
            self._context = _context_of(self._folder / "certificate.pem", self._folder / "key.pem")
            self._terms = terms
        except OSError as error:
            where, why = error.filename or self._folder, error.strerror or str(error)
            raise files.unusable(where, why) from None
        return self._context


def _context_of(certificate: Path, key: Path) -> Context:
    """Raises OSError, and ValueError where the first is no certificate."""
    made = Context(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate, key, password=_no_passphrase)
    made.set_alpn_protocols(["http/1.1"])
    made.key = key_of(_first(certificate))
    return made


def _no_passphrase() -> str:
    raise ValueError("its key has a passphrase")  # else OpenSSL would ask at the terminal


def _first(path: Path) -> bytes:
    """The first certificate of a file, in DER. Raises OSError and ValueError."""
    text = path.read_text("ascii")
    begins, ends = text.index(ssl.PEM_HEADER), text.index(ssl.PEM_FOOTER) + len(ssl.PEM_FOOTER)
    return ssl.PEM_cert_to_DER_cert(text[begins:ends])
