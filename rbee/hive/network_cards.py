"""The network card that a queen's SSH connection comes by, and whether it wakes this machine."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import psutil

from rbee.hive.kernel_files import text_of
from rbee.process.suspending import said
from rbee.wire.messages.hives import Power

_CLASS = Path("/sys/class/net")
#: What stands in the place of the address of a card that has none.
_NO_MAC = "00:00:00:00:00:00"


class NetworkCard(NamedTuple):
    """A network card: its name, its address, and the broadcast address of its network."""

    name: str
    mac: str
    broadcast: str


def card_with(address: str, cards: Mapping[str, Sequence[Any]]) -> NetworkCard | None:
    """The card that has an IP address, of those that `psutil.net_if_addrs` tells of; None where
    none that could wake a machine has it. Pure."""
    for name, addresses in cards.items():
        mac = next((each.address for each in addresses if each.family == psutil.AF_LINK), "")
        for each in addresses:
            plain = each.address.partition("%")[0]
            if plain != address or not mac or mac == _NO_MAC:
                continue
            if each.family == socket.AF_INET and each.netmask:
                network = ipaddress.ip_network(f"{plain}/{each.netmask}", strict=False)
                return NetworkCard(name, _spelt(mac), str(network.broadcast_address))
            return NetworkCard(name, _spelt(mac), "255.255.255.255")
    return None


def power_of() -> Power:
    """How this machine is woken, as far as its system says. Blocks."""
    # Set by the SSH server: address and port of the client, then of this machine.
    connection = os.environ.get("SSH_CONNECTION", "").split()
    card = card_with(connection[2], psutil.net_if_addrs()) if len(connection) > 2 else None
    if card is None:
        return Power()
    wakes, fix = _wakes(card.name)
    return Power(
        interface=card.name, mac=card.mac, broadcast=card.broadcast, wakes=wakes, wake_fix=fix
    )


def _wakes(name: str) -> tuple[Literal["yes", "no", "unknown"], str]:
    """Whether a card wakes this machine, and what to type where it does not, or nobody knows."""
    fix = f"sudo ethtool -s {name} wol g"
    if (_CLASS / name / "wireless").exists():
        return "no", f"a cable: {name} is a wireless card, and few of these wake a machine"
    # ethtool tells root alone which packets count; that any does, sysfs tells everybody.
    modes = [
        line.partition(":")[2].strip()
        for line in said(("ethtool", name)).splitlines()
        if line.strip().startswith("Wake-on:")
    ]
    if modes:
        return ("yes", "") if "g" in modes[0] else ("no", fix)
    enabled = text_of(_CLASS / name / "device" / "power" / "wakeup")
    return ("yes", "") if enabled == "enabled" else ("no" if enabled else "unknown", fix)


def _spelt(mac: str) -> str:
    return mac.lower().replace("-", ":")
