"""The queen's certificate, for those who are to recognise her."""

from rbee.wire.messages.basics import Answer, Request
from rbee.wire.routes import Route


class AskCertificate(Request, kw_only=True):
    """`address` is where she is going to be asked: an IP address."""

    address: str = "127.0.0.1"


class CertificateView(Answer, kw_only=True):
    """What she shows where a connection is encrypted.

    `key` is its public key, `fingerprint` the whole certificate (SHA-256, in hexadecimal digits
    both). `authority` is what a client has to trust (PEM); empty: an authority has signed that it
    knows. `name` is a host name that the certificate is for; empty: it is for addresses.
    """

    key: str
    fingerprint: str
    authority: str = ""
    name: str = ""


CERTIFICATE = Route("GET", "/certificate", AskCertificate, CertificateView)
