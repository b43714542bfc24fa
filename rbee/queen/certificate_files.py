"""The files of the queen's certificate: keys that stay, her authority, and what that has signed.

Loaded with the first connection that is encrypted, since what reads and signs takes its time.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rbee.queen.certificate_terms import ALWAYS, Terms
from rbee.wire.errors import RbeeError

log = logging.getLogger(__name__)

#: The longest common name (characters; RFC 5280, A.1).
_LONGEST_NAME = 64


class CertificateFiles:
    """The files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def terms(self) -> Terms | None:
        """Those of the certificate that is there and goes with its key and authority."""
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

    def _authority(
        self, signs: ec.EllipticCurvePrivateKey, names: frozenset[str]
    ) -> x509.Certificate:
        """The one that there is, where it may sign for these names; else another one."""
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

    def _key(self, name: str) -> ec.EllipticCurvePrivateKey:
        """The key of this name, drawn where there is none. Raises OSError and `home_unusable`."""
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
            raise unusable(path, "it holds no key of ours")
        return found

    def _at(self, name: str) -> Path:
        return self._folder / f"{name}.pem"

    def _keep(self, name: str, text: bytes) -> None:
        draft = self._folder / f"{name}.{os.getpid()}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(text)
        draft.replace(self._at(name))


def _builder(
    key: ec.EllipticCurvePrivateKey, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
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
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def a_name_in(certificate: bytes) -> str:
    """The first name of a host that it has, without the one for many; empty: it has none."""
    found = x509.load_der_x509_certificate(certificate)
    with contextlib.suppress(x509.ExtensionNotFound):
        told = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = told.get_values_for_type(x509.DNSName)
        return next((each for each in names if not each.startswith("*")), "")
    return ""


def unusable(path: object, why: str) -> RbeeError:
    """The error for a file of these that cannot be read or written."""
    return RbeeError(
        "home_unusable",
        f"cannot use {path}: {why}",
        "mend that, or remove the folder tls: then another certificate is made, which nobody knows",
        {"path": str(path)},
    )
