"""The queen's certificate, made in this process with a clock of its own, and what a code shows."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import stat
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import segno
from cryptography import x509

from rbee.http.unencrypted import is_from_elsewhere, may_be_answered
from rbee.keeper.qr import drawn, why_not
from rbee.process.home import Home
from rbee.queen.certificate import Certificates
from rbee.queen.certificate_terms import Terms, is_due, names_for, renewed
from rbee.wire import proof
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import HEALTH
from rbee.wire.messages.certificate import CertificateView
from rbee.wire.routes import Who
from rbee.wire.settings import Settings

_BEGIN = datetime(2026, 6, 1, tzinfo=timezone.utc)
_NAMES = names_for("bee", [])
_FILES = ("authority-key", "authority", "key", "certificate")


class Wanted:
    """The terms of a certificate, and when another one is wanted."""

    def __init__(self, address: str) -> None:
        self.terms = renewed(None, _NAMES, address, _BEGIN)

    def what_for(self, how: str) -> str:
        """``kept`` or ``made anew``, by ``for ADDRESS, N days later`` and the like."""
        if how == "by another name":
            names = _NAMES | {"bumblebee"}
            return "made anew" if is_due(self.terms, names, "127.0.0.1", _BEGIN) else "kept"
        address, _, when = how.removeprefix("for ").partition(", ")
        days = 0.0 if when == "at once" else float(when.split()[0])
        days = -days if when.endswith("before") else days
        is_over = is_due(self.terms, _NAMES, address, _BEGIN + timedelta(days=days))
        return "made anew" if is_over else "kept"

    def renew_for(self, count: int) -> Terms:
        """It is wanted for that many other addresses, one after the other."""
        for number in range(count):
            self.terms = renewed(self.terms, _NAMES, f"10.0.0.{number}", _BEGIN)
        return self.terms


def assert_addresses(terms: Terms, count: int, last: str) -> None:
    """So many, among them the last one and the loopback addresses."""
    assert len(terms.addresses) == count, terms.addresses
    assert {last, "127.0.0.1", "::1"} <= set(terms.addresses), terms.addresses


def names_on(machine: str, allowed: str) -> frozenset[str]:
    """The names in a certificate of a machine with such a setting."""
    return names_for(machine, [] if allowed == "nothing" else allowed.split(", "))


class OfAQueen:
    """The certificate of a queen, in a home of its own, by a clock that is set."""

    def __init__(self, address: str, allowed_hosts: str = "") -> None:
        self._allowed = tuple(allowed_hosts.split(", ")) if allowed_hosts else ()
        self.folder = Path(tempfile.mkdtemp(prefix="rbee-"))
        self._clock = _BEGIN
        self._queen = self._next_queen()
        self.before = self._shown(address)
        self.shown: list[tuple[CertificateView, x509.Certificate]] = []

    def remove(self) -> None:
        """The home is gone."""
        shutil.rmtree(self.folder)

    def want(self, rows: Iterable[Mapping[str, str]]) -> None:
        """It is wanted for each of these."""
        for row in rows:
            self._clock = _BEGIN + timedelta(days=int(row["days later"]))
            self.shown.append(self._shown(row["address"]))

    def assert_succession(self) -> None:
        """Each is another one, of the same key and authority."""
        authority = x509.load_pem_x509_certificate(self.before[0].authority.encode())
        every = [self.before, *self.shown]
        assert len({view.fingerprint for view, _ in every}) == len(every)
        assert {view.key for view, _ in every} == {self.before[0].key}
        assert {view.authority for view, _ in every} == {self.before[0].authority}
        for _, made in every:
            made.verify_directly_issued_by(authority)

    def assert_speaks_for(self, addresses: str) -> None:
        """The last one does, for these."""
        told = self.shown[-1][1].extensions.get_extension_for_class(x509.SubjectAlternativeName)
        found = {str(each) for each in told.value.get_values_for_type(x509.IPAddress)}
        assert set(addresses.split(", ")) <= found, found

    def assert_made_for(self, address: str, name: str) -> None:
        """It speaks for both, and the authority may sign it."""
        view, made = self.before
        told = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert address in map(str, told.get_values_for_type(x509.IPAddress)), told
        assert name in told.get_values_for_type(x509.DNSName), told
        authority = x509.load_pem_x509_certificate(view.authority.encode())
        made.verify_directly_issued_by(authority)
        may = authority.extensions.get_extension_for_class(x509.NameConstraints).value
        assert name in {each.value for each in may.permitted_subtrees or ()}, may

    def assert_lengths(self, days: int) -> None:
        """The last one is valid for so many days at most, now; the authority at any time."""
        view, made = self.shown[-1]
        begins, ends = made.not_valid_before_utc, made.not_valid_after_utc
        assert begins <= self._clock <= ends <= begins + timedelta(days=days)
        authority = x509.load_pem_x509_certificate(view.authority.encode())
        assert authority.not_valid_before_utc.year <= 2020 and (
            authority.not_valid_after_utc.year == 2049
        )

    def change(self, what: str) -> None:
        """Something happens to the files."""
        name, _, how = what.removeprefix("the ").partition(" is ")
        if how == "garbage":
            (self.folder / "tls" / f"{name}.pem").write_text("garbage")
        elif how == "gone":
            (self.folder / "tls" / f"{name}.pem").unlink()
        else:
            assert what == "nothing has changed", what

    def next_shown(self) -> CertificateView | str:
        """What the next queen of this home shows, or says instead."""
        self._queen = self._next_queen()
        try:
            return self._shown("192.168.1.5")[0]
        except RbeeError as error:
            return error.message

    def assert_next(self, shown: CertificateView | str, outcome: str) -> None:
        """``the same certificate``, ``another one, with the same key``, or none and these words."""
        before = self.before[0]
        if isinstance(shown, str):
            words = outcome.partition('"')[2].rstrip('"')
            assert words and words in shown, shown
        else:
            assert shown.key == before.key
            is_same = shown.fingerprint == before.fingerprint
            assert is_same == (outcome == "the same certificate"), outcome

    def modes(self) -> dict[str, str]:
        """Those of its files."""
        return {
            path.name: f"{stat.S_IMODE(path.stat().st_mode):o}"
            for path in (self.folder / "tls").iterdir()
        }

    def assert_not_used_when_read(self) -> None:
        """Others may read one of its keys: then its home is not used."""
        for name in ("key", "authority-key"):
            path = self.folder / "tls" / f"{name}.pem"
            path.chmod(0o644)
            try:
                Home(self.folder).check()
            except RbeeError as error:
                assert "can be read by others" in error.message, error.message
            else:
                raise AssertionError(f"{name} may be read by everybody")
            path.chmod(0o600)
        Home(self.folder).check()

    def _next_queen(self) -> Certificates:
        return Certificates(
            Home(self.folder), Settings(allowed_hosts=self._allowed), lambda: self._clock
        )

    def _shown(self, address: str) -> tuple[CertificateView, x509.Certificate]:
        view = self._queen.view(address)
        made = x509.load_pem_x509_certificate((self.folder / "tls/certificate.pem").read_bytes())
        return view, made


def outcome_in_the_open(what: str, where: str) -> str:
    """Whether that is answered without encryption: ``answered`` or ``refused``."""
    client, _, server = where.partition(" to ")
    ends = proof.Ends.of((server, 8500), (client, 50000))
    route, _, asked = what.partition(", to be proved")
    challenge = None
    if what != route:
        challenge = "0" * 32 + (" hive attic" if asked else "")
    who = {"GET /health": Who.ANYBODY, "POST /heartbeat": Who.HIVE, "GET /": Who.ANYBODY}
    of = who.get(route, Who.KEYS if "/v1" in route else Who.OWNER)
    is_answered = not is_from_elsewhere(ends) or may_be_answered(
        of, route == str(HEALTH), challenge
    )
    return "answered" if is_answered else "refused"


_LINK = "https://192.168.178.123:8500/#link=" + "x" * 55
_MODULES = {"█": (1, 1), "▀": (1, 0), "▄": (0, 1), " ": (0, 0)}


def code_of(length: int) -> list[str]:
    """The lines of a code for a link of so many characters."""
    assert len(_LINK) == length, len(_LINK)
    return drawn(_LINK)


def assert_modules(lines: Sequence[str], border: int) -> None:
    """The blocks are the modules of the code, light where those are."""
    rows: list[list[int]] = []
    for line in lines:
        pairs = [_MODULES[block] for block in line]
        rows += [[pair[0] for pair in pairs], [pair[1] for pair in pairs]]
    code = segno.make_qr(_LINK, error="l", boost_error=False)
    expected = [[int(not dark) for dark in row] for row in code.matrix_iter(border=border)]
    assert rows[: len(expected)] == expected
    assert all(all(row) for row in (rows[0], rows[1], expected[-1], expected[-2]))


def why_not_on(where: str) -> str:
    """Why the code cannot be drawn there; empty: it can."""
    kind, _, rest = where.removeprefix("a ").partition(" of ")
    columns, _, encoding = rest.partition(" columns, ")
    return why_not(
        code_of(90),
        is_terminal=kind == "terminal",
        columns=int(columns),
        encoding=encoding,
    )


def assert_drawn(why: str, outcome: str) -> None:
    """It is drawn, or not, since..."""
    words = outcome.partition('"')[2].rstrip('"')
    assert bool(why) == bool(words) and words in why, why or "it is drawn"


def signed_for(name: str, folder: Path) -> tuple[Path, Path, Path]:
    """An authority that is nobody's, and a certificate for a host that it has signed: the paths of
    the authority, the certificate and its key. Another one each time, of the same authority."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    folder.mkdir(mode=0o700, exist_ok=True)
    authority, certificate, key = (
        folder / f"{each}.pem" for each in ("authority", "certificate", "key")
    )
    signs_at = folder / "signs.pem"

    def drawn_key(path: Path) -> ec.EllipticCurvePrivateKey:
        made = ec.generate_private_key(ec.SECP256R1())
        _write(
            path,
            made.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )
        return made

    def made(
        subject: str, public: ec.EllipticCurvePublicKey, by: ec.EllipticCurvePrivateKey, ca: bool
    ) -> x509.Certificate:
        now = datetime.now(timezone.utc)
        is_ca = x509.BasicConstraints(ca=ca, path_length=None)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(_name("somebody"))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(is_ca, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        )
        if not ca:
            names = x509.SubjectAlternativeName([x509.DNSName(subject)])
            issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key())
            builder = builder.add_extension(names, critical=False)
            builder = builder.add_extension(issuer, critical=False)
        return builder.sign(by, hashes.SHA256())

    def _name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def pem(signed: x509.Certificate) -> bytes:
        return signed.public_bytes(serialization.Encoding.PEM)

    if signs_at.exists():
        loaded: Any = serialization.load_pem_private_key(signs_at.read_bytes(), None)
        signs: ec.EllipticCurvePrivateKey = loaded
    else:
        signs = drawn_key(signs_at)
        _write(authority, pem(made("somebody", signs.public_key(), signs, True)))
    own = drawn_key(key)
    _write(certificate, pem(made(name, own.public_key(), signs, False)))
    return authority, certificate, key


def _write(path: Path, text: bytes) -> None:
    draft = path.with_suffix(".draft")
    draft.write_bytes(text)
    os.chmod(draft, 0o600)
    draft.replace(path)


def shown_at(address: tuple[str, int], authority: Path, name: str) -> bytes:
    """The certificate (DER) that is shown at an address to who believes this authority alone, as
    one of that name. Raises OSError where it is not believed."""
    context = ssl.create_default_context(cafile=str(authority))
    with socket.create_connection(address, 10.0) as connected:
        with context.wrap_socket(connected, server_hostname=name) as encrypted:
            return encrypted.getpeercert(binary_form=True) or b""
