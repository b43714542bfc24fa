"""The public key of a certificate, by which a server is recognised whatever else changes in it."""

from __future__ import annotations

import hashlib


def key_of(certificate: bytes) -> str:
    """The SHA-256 of the public key (SubjectPublicKeyInfo, RFC 7469) of a certificate in DER, in
    hexadecimal digits. Raises ValueError where it is none."""
    from cryptography import x509  # late: it loads OpenSSL
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    found = x509.load_der_x509_certificate(certificate).public_key()
    told = found.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(told).hexdigest()
