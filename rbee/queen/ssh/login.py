"""With which keys we log in: those of the agent, and those in files."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import paramiko

from rbee.queen.ssh.config import Target
from rbee.queen.ssh.errors import ssh_failed
from rbee.wire.errors import RbeeError

#: Who else may touch a private key: nobody.
_OTHERS = 0o077


def log_in(transport: paramiko.Transport, target: Target, passphrase: str) -> None:
    """Offers one key after the other until one is taken.

    Raises `ssh_failed`, reason ``authentication``, or what is wrong with a key: ``key_missing``,
    ``key_unreadable``, ``key_permissions``, ``passphrase_needed``, ``passphrase_wrong``.
    """
    troubles: list[RbeeError] = []
    offered: set[int] = set()
    with contextlib.ExitStack() as opened:
        for key in _keys(_held(opened), target, passphrase, troubles):
            offered.add(id(key))
            try:
                more = transport.auth_publickey(target.user, key)
            except paramiko.BadAuthenticationType as error:
                raise _wants(target, error.allowed_types) from None
            except (paramiko.SSHException, EOFError, OSError):
                # Refused, or the agent would not sign. A server that has had enough hangs up.
                if not transport.is_active():
                    break
                continue
            if more:
                raise _wants(target, more)
            return
    if troubles:
        raise troubles[0]
    if not offered:
        raise ssh_failed(
            "authentication",
            f"there is no key to log in with at {target.name}",
            f"ssh-keygen -t ed25519 && ssh-copy-id {target.login}",
        )
    raise _not_let_in(target, len(offered))


def _held(opened: contextlib.ExitStack) -> Sequence[paramiko.PKey]:
    """The keys of the agent, who is asked to sign until `opened` closes."""
    try:
        agent = paramiko.Agent()
    except (paramiko.SSHException, OSError):
        # Something that is no agent listens there; OpenSSH, too, goes on without.
        return ()
    opened.callback(agent.close)
    return agent.get_keys()


def _keys(
    held: Sequence[paramiko.PKey], target: Target, passphrase: str, troubles: list[RbeeError]
) -> Iterator[paramiko.PKey]:
    """First what the agent holds of the target's own keys, then its others, then the files."""
    if target.key_is_typed and not os.path.exists(target.key_files[0]):
        raise ssh_failed(
            "key_missing",
            f"there is no key {target.key_files[0]}",
            f"name one that is there, or make it: ssh-keygen -f {target.key_files[0]}",
        )
    own = [_public(file) for file in target.key_files]
    offered = set()
    for key in sorted(held, key=lambda key: key.asbytes() not in own):
        if target.any_agent_key or key.asbytes() in own:
            offered.add(key.asbytes())
            yield key
    for file in target.key_files:
        if os.path.exists(file) and _public(file) not in offered:
            try:
                key = read_key(file, passphrase)
            except RbeeError as error:
                troubles.append(error)
                continue
            yield key
            if key.public_blob is not None:
                # The key was tried with the certificate beside it; a server that does not know the
                # authority may still know the plain key.
                key.public_blob = None
                yield key


def read_key(file: Path, passphrase: str) -> paramiko.PKey:
    """The private key in a file. Raises `ssh_failed`."""
    try:
        if file.stat().st_mode & _OTHERS:
            raise ssh_failed(
                "key_permissions", f"others may read the key {file}", f"chmod 600 {file}"
            )
        return paramiko.PKey.from_path(file)
    except OSError as error:
        raise ssh_failed(
            "key_unreadable", f"cannot read the key {file}: {error.strerror}", f"chmod 600 {file}"
        ) from None
    except (TypeError, paramiko.PasswordRequiredException):
        return _decrypted(file, passphrase)
    except (ValueError, paramiko.SSHException, paramiko.pkey.UnknownKeyType):
        raise ssh_failed(
            "key_unreadable",
            f"{file} holds no private key that can be used",
            "name the private one of a pair, of kind ed25519, ecdsa or rsa",
        ) from None


def _decrypted(file: Path, passphrase: str) -> paramiko.PKey:
    if not passphrase:
        raise ssh_failed(
            "passphrase_needed",
            f"the key {file} has a passphrase",
            f"ssh-add {shlex.quote(str(file))}",
            key=str(file),
        )
    try:
        # The stubs want text, cryptography takes bytes alone.
        return paramiko.PKey.from_path(file, passphrase.encode())  # type: ignore[arg-type]
    except (TypeError, ValueError, paramiko.SSHException):
        raise ssh_failed(
            "passphrase_wrong",
            f"that is not the passphrase of {file}",
            "type it again",
            key=str(file),
        ) from None


def _public(file: Path) -> bytes | None:
    """The public half of a key whose ``.pub`` lies beside it."""
    try:
        words = Path(f"{file}.pub").read_text().split()
        return paramiko.pkey.PublicBlob.from_string(" ".join(words[:2])).key_blob
    except (OSError, ValueError):
        return None


def _not_let_in(target: Target, offered: int) -> RbeeError:
    why = f"{target.name} lets {target.user} in with none of our keys, {offered} in all"
    copy = "ssh-copy-id"
    if target.key_is_typed:
        file = target.key_files[0]
        why = f"{target.name} does not let {target.user} in with the key {file}"
        copy = f"ssh-copy-id -i {shlex.quote(str(file))}"
    right = "or name the right user and key: --ssh-user, --key"
    return ssh_failed("authentication", why, f"{copy} {target.login}, {right}", user=target.user)


def _wants(target: Target, ways: list[str]) -> RbeeError:
    return ssh_failed(
        "authentication",
        f"{target.name} lets {target.user} in by {' and '.join(ways)}, not by a key alone",
        f"allow public keys in its sshd_config, then: ssh-copy-id {target.login}",
        user=target.user,
    )
