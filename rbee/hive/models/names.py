"""What the names of a repository's files say, as people write them. Phases 6 and 7; pure.

A name may show the quant of its weights (``q4_k_m``, ``Q4KM``, ``fp16``, ``UD-IQ1_M``, ``4bit``),
the part of a split model that it is, and that it is no language model but belongs to one: an image
projector, a drafter, the statistics that a quant was made with.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_SPLIT = re.compile(r"[-_.](\d{1,5})-of-(\d{1,5})(?=\.gguf$)", re.IGNORECASE)

#: How a file is called that was cut at any byte, to be joined again: `a.gguf.part1of2`,
#: `a.gguf-split-b`.
_PIECE = r"""(?ix)\.gguf[-_.]
    (?: (?:split|part)[-_.]?(?:[a-z]{1,2}|\d{1,3})(?:[-_.]?of[-_.]?\d{1,3})?
      | a[a-z] | \d{2,3} )$"""

_S = "[-_. ]?"  # what people put between the parts of a quant's name
# Compiled on first use: that takes 2 ms, and a cold run does not need it.
_QUANT = rf"""(?ix)(?<![a-z0-9])(?:(?P<ud>ud){_S})?
    (?: (?P<iq>iq[1-9]){_S}(?P<iqk>xxs|xs|nl|kss|ks|kt|kl|s|m|l|k)
      | (?P<q>q[1-9]){_S}k(?:{_S}(?P<qk>xxl|xl|xs|l|m|s))?
      | (?P<legacy>q[1-9]){_S}(?P<round>[01])(?:[-_.](?P<more>xl|l|[48][-_.][48]))?
      | (?P<bits>q[1-9])
      | (?P<digit>[2-8]){_S}bits? | int{_S}(?P<int>[48])
      | (?P<ternary>tq[12]){_S}0 | (?P<i2>i2){_S}s | (?P<tl>tl[12])
      | (?P<bf16>bf{_S}16) | f(?:p|loat)?{_S}(?P<float>16|32|64) | fp{_S}(?P<fp>[48])
      | (?P<mx>(?:mx|nv)fp[468])(?:{_S}(?P<moe>moe))?
    )(?![a-z0-9])"""
#: How what was found is spelt, by the part of the pattern that tells its kind.
_SPELLINGS = {
    "iq": "{iq}_{iqk}",
    "q": "{q}_K_{qk}",
    "legacy": "{legacy}_{round}_{more}",
    "ternary": "{ternary}_0",
    "bf16": "BF16",
    "float": "F{float}",
    "fp": "FP{fp}",
    "mx": "{mx}_{moe}",
    "i2": "I2_S",
    "tl": "{tl}",
    "bits": "{bits}",
    "digit": "Q{digit}",
    "int": "Q{int}",
}
#: What llama.cpp's own tool takes a family's bare name for.
_FULL_NAMES = {"Q3_K": "Q3_K_M", "Q4_K": "Q4_K_M", "Q5_K": "Q5_K_M"}

# How a quant was made, beside its name: with an importance matrix.
_MADE = re.compile(r"(?<![a-z0-9])(i1|imat|imatrix)(?![a-z0-9])", re.IGNORECASE)

#: What a word in a file's name, or the name of its folder, says it is; `imatrix` only where the
#: name shows no quant. Words of several parts stand with hyphens.
_COMPANIONS = {
    "an image or audio projector": "mmproj projector mm-proj vision-encoder vision-tower "
    "image-encoder audio-encoder clip-vit siglip",
    "statistics that quants are made with": "imatrix imat",
    "a drafter": "draft drafter mtp nextn eagle eagle2 eagle3 medusa speculator dflash",
    "a vocoder": "vocoder wavtokenizer snac codec vae",
    "an encoder of texts for images": "clip-l clip-g text-encoder t5xxl",
    "an adapter": "lora qlora adapter adapters control-vector cvector",
    "a part of a model": "token-embd tok-embeddings embed-tokens",
    "a tokenizer": "tokenizer vocab",
}
#: Said of a name that consists of nothing else.
_WHOLE_NAMES = {"embeddings": "a part of a model", "clip": "an image or audio projector"}
_STATISTICS = "statistics that quants are made with"
_WEIGHTS_SO_FAR = re.compile(r"(?<![a-z0-9])merged(?![a-z0-9])", re.IGNORECASE)

_PARAMETERS = re.compile(
    r"(?<![a-z0-9.])(?:(?P<experts>\d{1,3})x)?(?P<count>\d+(?:\.\d+)?)(?P<unit>[bm])(?![a-z0-9])",
    re.IGNORECASE,
)


class SplitPart(NamedTuple):
    """What a name says of a split: `stem` is what all parts share, `number` counts from 1, to
    `total`."""

    stem: str
    number: int
    total: int


def part_of(name: str) -> SplitPart:
    """Which part of which model a file is; one that was not split is the only part."""
    split = _SPLIT.search(name)
    if not split or not int(split[2]):
        return SplitPart(re.sub(r"\.gguf$", "", name, flags=re.IGNORECASE), 1, 1)
    return SplitPart(name[: split.start()], int(split[1]), int(split[2]))


def whole_of(name: str) -> str:
    """What the file is called that a piece was cut off from; empty: it is no piece.

    Not a part of a split model, which is a file by itself that engines read.
    """
    found = re.search(_PIECE, name)
    return f"{name[: found.start()]}.gguf" if found else ""


def quant_of(name: str) -> str:
    """The quant in a file's name in its usual spelling (`F16` for ``fp16``, `Q4_K_M` for ``q4km``).

    Where a file's name has none its folder's counts; empty: neither has one. Of several the last
    one counts, and a float type only where there is no other: ``-f16-Q6_K`` keeps some tensors.
    """
    stem = part_of(name).stem
    folder, _, file = stem.rpartition("/")
    return _last_quant(file) or _last_quant(folder)


def label_of(name: str) -> str:
    """The quant in a name with how it was made: `I1-Q4_K_M` and `Q4_K_M-imat` read alike."""
    quant = quant_of(name)
    made = quant and _MADE.search(part_of(name).stem.rpartition("/")[2])
    return f"I1-{quant}" if made else quant


def companion_of(name: str, repo: str = "") -> str:
    """What a file is that is no language model, in words; empty for a model.

    A word that `repo` has in its own name says nothing about a file in it: in a repository of
    drafters a drafter is the model.
    """
    stem = part_of(name).stem
    folder, _, file = stem.rpartition("/")
    whole = _WHOLE_NAMES.get(_hyphened(file))
    if whole:
        return whole
    words, folders = _framed(file), [_hyphened(each) for each in folder.split("/") if each]
    ours = _framed(repo)
    for what, listed in _COMPANIONS.items():
        for word in listed.split():
            if f"-{word}-" in ours:
                continue
            if what == _STATISTICS and quant_of(name):
                continue
            if what == "an adapter" and _WEIGHTS_SO_FAR.search(file):
                continue
            if f"-{word}-" in words or word in folders:
                return what
    return ""


def never_runs(name: str) -> bool:
    """Whether a companion is no network that an engine could load as a model by itself."""
    return companion_of(name) in ("an image or audio projector", _STATISTICS)


def words_of(name: str) -> list[str]:
    """The words of a file's name, in small letters, without its quant, part and folder."""
    file = part_of(name).stem.rpartition("/")[2].lower()
    return re.findall(r"[a-z]+|\d+(?:\.\d+)?", re.sub(_QUANT, " ", file))


def parameters_of(text: str) -> float:
    """How many parameters a name says a model has (``8x7B``, ``0.6b``, ``360M``); 0: nothing."""
    sizes = [
        float(found["count"])
        * float(found["experts"] or 1)
        * (1e9 if found["unit"].lower() == "b" else 1e6)
        for found in _PARAMETERS.finditer(text)
    ]
    return max(sizes, default=0.0)


def _last_quant(text: str) -> str:
    quants = [_spelt(found) for found in re.finditer(_QUANT, text)]
    packed = [quant for quant in quants if not quant.endswith(("F16", "F32", "F64"))]
    return (packed or quants or [""])[-1]


def _spelt(found: re.Match[str]) -> str:
    """The usual spelling of a quant that was found."""
    part = {name: (text or "").upper() for name, text in found.groupdict().items()}
    form = next(form for named, form in _SPELLINGS.items() if part[named])
    name = re.sub(r"[-. ]", "_", form.format(**part)).rstrip("_")
    return ("UD-" if part["ud"] else "") + _FULL_NAMES.get(name, name)


def _hyphened(text: str) -> str:
    return re.sub(r"[-_. /]+", "-", text.lower()).strip("-")


def _framed(text: str) -> str:
    return f"-{_hyphened(text)}-"
