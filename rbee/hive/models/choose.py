"""Which files of a repository a reference means: quants, split files, what is no model.

Phase 6 and 7. Pure: from a listing and a reference to the files, or to an error that lists what
the repository does hold.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

import msgspec

from rbee.wire.errors import RbeeError
from rbee.wire.model_ref import ModelRef

#: What is taken when the reference names no quant.
DEFAULT_QUANT = "Q4_K_M"

#: The order when there is no `DEFAULT_QUANT`: other 4-bit quants from the best down, then a little
#: more quality up to 8 bits, then less down to 2 bits, then the unquantised ones, the smaller
#: first. Quants not listed come after these, by name.
PREFERENCE = (
    "Q4_K_M", "UD-Q4_K_XL", "Q4_K_L", "Q4_K_S", "IQ4_NL", "IQ4_XS", "Q4_1", "Q4_0",
    "MXFP4_MOE", "MXFP4", "NVFP4",
    "Q5_K_M", "UD-Q5_K_XL", "Q5_K_L", "Q5_K_S", "Q5_1", "Q5_0",
    "Q6_K", "UD-Q6_K_XL", "Q6_K_L", "Q8_0", "UD-Q8_K_XL", "Q8_K_XL",
    "Q3_K_L", "UD-Q3_K_XL", "Q3_K_XL", "Q3_K_M", "IQ3_M", "IQ3_S", "Q3_K_S", "IQ3_XS", "IQ3_XXS",
    "UD-Q2_K_XL", "Q2_K_L", "Q2_K", "Q2_K_S", "IQ2_M", "IQ2_S", "IQ2_XS", "IQ2_XXS",
    "F16", "BF16", "F32",
    "TQ2_0", "TQ1_0", "IQ1_M", "IQ1_S", "Q1_0",
)  # fmt: skip

_SPLIT = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$", re.IGNORECASE)
_QUANT = re.compile(
    r"(?:^|[-._/])"
    r"((?:UD-)?(?:I?Q\d(?:_[A-Z0-9]+)+|TQ\d_\d|BF16|FP?16|FP?32|MXFP4(?:_MOE)?|NVFP4))"
    r"(?=[-./]|$)",
    re.IGNORECASE,
)
# GGUF files that hold no language model: an image encoder, quantisation statistics.
_NO_MODEL = re.compile(r"mmproj|imatrix", re.IGNORECASE)


class ListedFile(msgspec.Struct, frozen=True):
    """One file of a repository: `size` in bytes; `sha256` empty where the hub has none.

    `etag` is what the hub calls this content: the sha256 of a large file, the git blob id of a
    small one.
    """

    name: str
    size: int
    sha256: str = ""
    etag: str = ""


class Choice(msgspec.Struct, frozen=True):
    """The files to load, in order, their quant (empty if the name shows none).

    `note` is a sentence to narrate when the choice was ours and not the usual one, else empty.
    """

    files: tuple[ListedFile, ...]
    quant: str
    note: str = ""


class _Variant(msgspec.Struct):
    """One model of the repository: one file, or the parts it was split into."""

    name: str
    quant: str
    parts: dict[int, ListedFile]
    part_count: int

    def missing(self) -> list[int]:
        return [number for number in range(1, self.part_count + 1) if number not in self.parts]

    def size(self) -> int:
        return sum(part.size for part in self.parts.values())


def choose(listing: Sequence[ListedFile], ref: ModelRef) -> Choice:
    """The files that `ref` means, out of all files of its repository.

    Raises `RbeeError`: `model_not_found` when the repository has no GGUF, no such file or no such
    quant (the details list what it has); `model_invalid` when a part of a split model is missing.
    """
    variants = _variants(listing)
    if not variants:
        raise _no_gguf(listing, ref)
    note = ""
    if ref.filename:
        variant = _by_filename(variants, listing, ref)
    elif ref.quant:
        variant = _by_quant(variants, ref)
    else:
        whole = [each for each in variants if not each.missing()] or variants
        variant = min(whole, key=_preference)
        if variant.quant != DEFAULT_QUANT:
            note = _why(variant, alone=len(variants) == 1)
    if variant.missing():
        raise _parts_missing(variant, ref)
    files = tuple(variant.parts[number] for number in sorted(variant.parts))
    return Choice(files, variant.quant, note)


def quant_sizes(listing: Sequence[ListedFile]) -> dict[str, int]:
    """Bytes of each complete quant that a repository holds, by its name."""
    sizes: dict[str, int] = {}
    for variant in _variants(listing):
        if variant.quant and not variant.missing():
            sizes.setdefault(variant.quant, variant.size())
    return sizes


def quant_of(name: str) -> str:
    """The quant in a file's name, in capitals (`F16` also for `fp16`), or nothing."""
    stem = re.sub(r"\.gguf$", "", _SPLIT.sub("", name), flags=re.IGNORECASE)
    found = _QUANT.findall(stem.rpartition("/")[2]) or _QUANT.findall(stem)
    return _canonical(found[-1]) if found else ""


def split_names(name: str) -> tuple[str, ...]:
    """The names of all parts of the split model that `name` is a part of; else `name` alone."""
    split = _SPLIT.search(name)
    if not split:
        return (name,)
    stem, count = name[: split.start()], int(split[2])
    return tuple(f"{stem}-{number:05d}-of-{count:05d}.gguf" for number in range(1, count + 1))


def _variants(listing: Sequence[ListedFile]) -> list[_Variant]:
    """The models of a repository, by name; of two with one quant the shorter name comes first."""
    variants: dict[str, _Variant] = {}
    for file in listing:
        if not _is_model(file.name):
            continue
        split = _SPLIT.search(file.name)
        number, count = (int(split[1]), int(split[2])) if split else (1, 1)
        key = f"{file.name[: split.start()]} in {count}" if split else file.name
        variant = variants.setdefault(key, _Variant(key, quant_of(file.name), {}, count))
        variant.parts[number] = file
    return sorted(variants.values(), key=lambda variant: (len(variant.name), variant.name))


def _is_model(name: str) -> bool:
    return name.lower().endswith(".gguf") and not _NO_MODEL.search(name.rpartition("/")[2])


def _by_filename(
    variants: list[_Variant], listing: Sequence[ListedFile], ref: ModelRef
) -> _Variant:
    wanted = ref.filename
    named = {part.name: each for each in variants for part in each.parts.values()}
    if wanted in named:
        return named[wanted]
    # In a folder of the repository, but named without it.
    inside = [each for name, each in named.items() if name.rpartition("/")[2] == wanted]
    if len(inside) == 1:
        return inside[0]
    if wanted in {file.name for file in listing}:
        raise RbeeError(
            "model_not_found",
            f"{wanted} in {ref.repo} is no language model but belongs to one",
            f"use HF:{ref.repo}:{_first_name(variants)}",
            {"repo": ref.repo, "file": wanted, "available": sorted(named)},
        )
    near = difflib.get_close_matches(wanted, named, n=5, cutoff=0.4) or sorted(named)[:5]
    raise RbeeError(
        "model_not_found",
        f"{ref.repo} holds no file {wanted}; near matches: {', '.join(near)}",
        f"use HF:{ref.repo}:{near[0]}",
        {"repo": ref.repo, "file": wanted, "near": near, "available": sorted(named)},
    )


def _by_quant(variants: list[_Variant], ref: ModelRef) -> _Variant:
    wanted = _canonical(ref.quant)
    same = [each for each in variants if each.quant == wanted]
    # "UD-Q4_K_XL" also answers to its second half.
    same = same or [each for each in variants if each.quant.removeprefix("UD-") == wanted]
    if same:
        return min(same, key=lambda each: len(each.missing()))
    has = sorted({each.quant for each in variants if each.quant})
    shown = has or [_first_name(variants)]
    preferred = min(variants, key=_preference).quant or shown[0]
    near = (difflib.get_close_matches(wanted, has, n=1, cutoff=0.6) or [preferred])[0]
    raise RbeeError(
        "model_not_found",
        f"{ref.repo} has no {ref.quant}; it has {', '.join(shown)}",
        f"use HF:{ref.repo}:{near}",
        {"repo": ref.repo, "quant": ref.quant, "available": has},
    )


def _preference(variant: _Variant) -> tuple[int, str, int]:
    rank = PREFERENCE.index(variant.quant) if variant.quant in PREFERENCE else len(PREFERENCE)
    return rank, variant.quant, len(variant.name)


def _why(variant: _Variant, alone: bool) -> str:
    called = variant.quant or _first_name([variant])
    if alone:
        return f"no {DEFAULT_QUANT} in the repository; taking the only model, {called}"
    return f"no {DEFAULT_QUANT} in the repository; taking the closest, {called}"


def _first_name(variants: list[_Variant]) -> str:
    parts = variants[0].parts
    return parts[min(parts)].name


def _canonical(quant: str) -> str:
    return quant.upper().replace("FP16", "F16").replace("FP32", "F32") if quant else ""


def _no_gguf(listing: Sequence[ListedFile], ref: ModelRef) -> RbeeError:
    other = any(file.name.endswith((".safetensors", ".bin", ".pt")) for file in listing)
    holds = "weights in another format, but no GGUF file" if other else "no GGUF file"
    return RbeeError(
        "model_not_found",
        f"{ref.repo} holds {holds}",
        f"name a repository with GGUF files, often called {ref.repo.partition('/')[2]}-GGUF",
        {"repo": ref.repo},
    )


def _parts_missing(variant: _Variant, ref: ModelRef) -> RbeeError:
    numbers = ", ".join(str(number) for number in variant.missing())
    return RbeeError(
        "model_invalid",
        f"{ref.repo} lacks part {numbers} of {variant.part_count} of {_first_name([variant])}",
        "choose another quant, or tell the repository's owner",
        {"repo": ref.repo, "missing": variant.missing(), "parts": variant.part_count},
    )
