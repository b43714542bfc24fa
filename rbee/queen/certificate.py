"""The queen's certificate: made when it is first wanted, and kept in ``RBEE_HOME/tls``.

Whom it speaks for, and when it is made anew, is decided in `certificate_terms`.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import socket
import ssl
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from rbee.http.encryption import Context
from rbee.process.home import Home
from rbee.process.public_key import key_of
from rbee.queen.certificate_terms import ALWAYS, Terms, is_due, names_for, renewed
from rbee.wire.errors import RbeeError, invalid
from rbee.wire.messages.certificate import CertificateView
from rbee.wire.settings import Settings

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

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
            return CertificateView(key=key, fingerprint=fingerprint, name=_a_name_in(shown))
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
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            paper = _Paper(self._folder)
            terms = paper.terms()
            if terms is None or is_due(terms, names, address, now):
                terms = renewed(terms, names, address, now)
                paper.write(terms)
            self._context = _context_of(self._folder / "certificate.pem", self._folder / "key.pem")
            self._terms = terms
        except OSError as error:
            where, why = error.filename or self._folder, error.strerror or str(error)
            raise _unusable(where, why) from None
        return self._context


class _Paper:
    """The files: keys that stay, the authority and the certificate."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def terms(self) -> Terms | None:
        """Those of the certificate that is there and goes with its key and authority."""
        from cryptography import x509

        try:
            found = x509.load_pem_x509_certificate(self._at("certificate").read_bytes())
            authority = x509.load_pem_x509_certificate(self._at("authority").read_bytes())
            found.verify_directly_issued_by(authority)
            if found.public_key() != self._key("key").public_key():
                return None
            told = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except FileNotFoundError:
            return None
        except Exception as error:
            # Whatever stands there, it is no certificate of ours, and can be made anew by the keys.
            log.warning("the certificate in %s is made anew: %s", self._folder, error)
            return None
        return Terms(
            frozenset(told.get_values_for_type(x509.DNSName)),
            tuple(str(each) for each in told.get_values_for_type(x509.IPAddress)),
            found.not_valid_before_utc,
            found.not_valid_after_utc,
        )

    def write(self, terms: Terms) -> None:
        """A certificate with these terms. Raises OSError, and `home_unusable` for a broken key."""
        from ipaddress import ip_address

        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.x509.oid import ExtendedKeyUsageOID

        signs, own = self._key("authority-key"), self._key("key")
        authority = self._authority(signs, terms.names)
        names = [x509.DNSName(each) for each in sorted(terms.names)]
        addresses = [x509.IPAddress(ip_address(each)) for each in terms.addresses]
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signs.public_key())
        made = (
            _builder(own, terms.begins, terms.ends)
            .subject_name(_called("rbee"))
            .issuer_name(authority.subject)
            .add_extension(x509.SubjectAlternativeName([*names, *addresses]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(usage, critical=False)
            .add_extension(issuer, critical=False)
            .sign(signs, hashes.SHA256())
        )
        self._keep("certificate", _pem(made))

    def _authority(self, signs: EllipticCurvePrivateKey, names: frozenset[str]) -> x509.Certificate:
        """The one that there is, where it may sign for these names; else another one."""
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes

        known: set[str] = set()
        with contextlib.suppress(FileNotFoundError, ValueError, x509.ExtensionNotFound):
            found = x509.load_pem_x509_certificate(self._at("authority").read_bytes())
            told = found.extensions.get_extension_for_class(x509.NameConstraints).value
            known = {each.value for each in told.permitted_subtrees or ()}
            if names <= known and found.public_key() == signs.public_key():
                return found
        may_sign = [x509.DNSName(each) for each in sorted(names | known)]
        subject = _called(f"rbee on {socket.gethostname()}"[:_LONGEST_NAME])
        made = (
            _builder(signs, *ALWAYS)
            .subject_name(subject)
            .issuer_name(subject)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.NameConstraints(may_sign, None), critical=True)
            .sign(signs, hashes.SHA256())
        )
        self._keep("authority", _pem(made))
        return made

    def _key(self, name: str) -> EllipticCurvePrivateKey:
        """The key of this name, drawn where there is none. Raises OSError and `home_unusable`."""
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        path = self._at(name)
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            drawn = ec.generate_private_key(ec.SECP256R1())
            text = drawn.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            self._keep(name, text)
            return drawn
        try:
            found = serialization.load_pem_private_key(text, None)
        except (ValueError, TypeError):
            found = None
        if not isinstance(found, ec.EllipticCurvePrivateKey):
            raise _unusable(path, "it holds no key of ours")
        return found

    def _at(self, name: str) -> Path:
        return self._folder / f"{name}.pem"

    def _keep(self, name: str, text: bytes) -> None:
        draft = self._folder / f"{name}.{os.getpid()}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(text)
        draft.replace(self._at(name))


#: The longest common name (characters; RFC 5280, A.1).
_LONGEST_NAME = 64


def _builder(
    key: EllipticCurvePrivateKey, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    from cryptography import x509

    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _called(name: str) -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM)


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


def _a_name_in(certificate: bytes) -> str:
    """The first name of a host that it has, without the one for many; empty: it has none."""
    from cryptography import x509

    found = x509.load_der_x509_certificate(certificate)
    with contextlib.suppress(x509.ExtensionNotFound):
        told = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = told.get_values_for_type(x509.DNSName)
        return next((each for each in names if not each.startswith("*")), "")
    return ""


def _unusable(path: object, why: str) -> RbeeError:
    return RbeeError(
        "home_unusable",
        f"cannot use {path}: {why}",
        "mend that, or remove the folder tls: then another certificate is made, which nobody knows",
        {"path": str(path)},
    )
