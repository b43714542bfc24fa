"""What `format` allows, as patterns: texts that every program takes for such a thing.

Some are narrower than their definition (a time without a leap second, a host's name of four parts):
what is written has to be right, and need not be all that would be.
"""

from __future__ import annotations

_DATE = (
    r"(?!0000)(?:\d{4}-(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])"
    r"|\d{4}-(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|\d{4}-02-(?:0[1-9]|1\d|2[0-8])"
    r"|(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)"
)
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d"
_TIME = rf"{_CLOCK}:[0-5]\d(?:\.\d{{1,6}})?(?:Z|[+-]{_CLOCK})"
_COUNT = r"\d{1,9}"
_TIMES = rf"T(?:{_COUNT}H(?:{_COUNT}M(?:{_COUNT}S)?)?|{_COUNT}M(?:{_COUNT}S)?|{_COUNT}S)"
_DAYS = rf"(?:{_COUNT}Y(?:{_COUNT}M(?:{_COUNT}D)?)?|{_COUNT}M(?:{_COUNT}D)?|{_COUNT}D)"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_H = r"[0-9A-Fa-f]{1,4}"
_IPV6 = "|".join(
    [
        rf"(?:{_H}:){{7}}{_H}",
        *(rf"(?:{_H}:){{{left}}}(?::{_H}){{1,{7 - left}}}" for left in range(1, 7)),
        rf":(?::{_H}){{1,7}}",
        rf"(?:{_H}:){{1,7}}:",
        "::",
    ]
)
_LABEL = r"[a-zA-Z0-9](?:-?[a-zA-Z0-9]){0,14}"
_HOST = rf"{_LABEL}(?:\.{_LABEL}){{0,3}}"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_{|}~-]{1,15}"
_EMAIL = (
    rf"{_ATOM}(?:\.{_ATOM}){{0,2}}@{_HOST}",
    r"[A-Za-z0-9]{1,12}(?:\.[A-Za-z0-9]{1,12})?@[A-Za-z0-9]{1,16}\.[a-z]{2,6}",
)
_SCHEME = "[A-Za-z][A-Za-z0-9+.-]{0,15}:"
_PORT = r"(?::\d{1,5})?"
_PCHAR = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
_PATH = rf"(?:/{_PCHAR}*)*"
_BEHIND = rf"(?:\?(?:{_PCHAR}|[/?])*)?(?:#(?:{_PCHAR}|[/?])*)?"
_URI = rf"{_SCHEME}(?://{_HOST}{_PORT}{_PATH}|{_PCHAR}+{_PATH}){_BEHIND}"
#: Of a length that is bounded, for where one is asked for.
_SHORT_URI = (
    rf"https?://{_HOST}{_PORT}(?:/[A-Za-z0-9._~=:@/-]{{0,200}})?"
    r"(?:\?[A-Za-z0-9._~=&+:@/-]{0,100})?(?:#[A-Za-z0-9._~=-]{0,50})?"
)
_REFERENCE = rf"(?:{_URI}|(?:/(?:{_PCHAR}+{_PATH})?)?{_BEHIND})"
_POINTER = r"(?:/(?:[^~/]|~[01])*)*"

#: The patterns of each format that JSON Schema names and that can be held to, widest first.
FORMATS = {
    name: tuple(f"^(?:{each})$" for each in ((texts,) if isinstance(texts, str) else texts))
    for name, texts in {
        "date": _DATE,
        "time": _TIME,
        "date-time": f"{_DATE}T{_TIME}",
        "duration": rf"P(?:{_DAYS}(?:{_TIMES})?|{_TIMES}|{_COUNT}W)",
        "uuid": "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}",
        "ipv4": rf"(?:{_OCTET}\.){{3}}{_OCTET}",
        "ipv6": _IPV6,
        "hostname": _HOST,
        "idn-hostname": _HOST,
        "email": _EMAIL,
        "idn-email": _EMAIL,
        "uri": (_URI, _SHORT_URI),
        "iri": (_URI, _SHORT_URI),
        "uri-reference": (_REFERENCE, _SHORT_URI),
        "iri-reference": (_REFERENCE, _SHORT_URI),
        "json-pointer": _POINTER,
        "relative-json-pointer": rf"(?:0|[1-9]\d{{0,9}})(?:#|{_POINTER})",
    }.items()
}
#: Those whose patterns say all that they allow.
EXACT = frozenset(["uuid", "ipv4"])
#: Those that JSON Schema names and no pattern says.
NOT_HELD = frozenset(["regex", "uri-template"])
