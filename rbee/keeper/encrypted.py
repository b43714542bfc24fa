"""A connection to a queen by TLS.

Loaded where a queen is named by ``https://``: OpenSSL is slow to load.
"""

from __future__ import annotations

import socket
import ssl

from rbee.process.public_key import key_of


def encrypt(connected: socket.socket, host: str, *, verified: bool) -> tuple[ssl.SSLSocket, str]:
    """The same connection, encrypted, and the public key that the server shows.

    `verified`: the certificate has to be one for `host`, of an authority that this machine knows.
    Else it may be anybody's: whoever is behind it has proved nothing. Raises OSError.
    """
    if verified:
        context = ssl.create_default_context()
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    try:
        made = context.wrap_socket(connected, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        why = f"its certificate is not believed ({error.verify_message}), and it was told nothing"
        raise OSError(0, why) from None
    except ssl.SSLError:
        raise OSError(0, "it speaks no TLS, or another one; http://?") from None
    try:
        return made, key_of(made.getpeercert(binary_form=True) or b"")
    except ValueError:
        made.close()
        raise OSError(0, "it shows no certificate that can be read") from None
