"""Which files of a repository a reference means, out of what their names and sizes say.

Phase 6 and 7. Pure: from a listing and a reference to the files, or to an error that lists what
the repository does hold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from rbee.hive.models.names import (
    companion_of,
    label_of,
    never_runs,
    parameters_of,
    part_of,
    quant_of,
    whole_of,
)
from rbee.wire.errors import RbeeError, listed, nearest
from rbee.wire.model_ref import ModelRef

#: What is taken when the reference names no quant.
DEFAULT_QUANT = "Q4_K_M"

#: The order when there is no `DEFAULT_QUANT`: other 4-bit quants from the best down, then a little
#: more quality up to 8 bits, then less down to 2 bits, then the unquantised ones, the smaller
#: first. A quant that is not listed comes after those of its class, one that no name tells where
#: its size puts it.
_CLASSES = (
    (
        "Q4_K_M", "UD-Q4_K_XL", "UD-Q4_K_M", "Q4_K_L", "Q4_K_XL", "Q4_K_S", "IQ4_NL", "IQ4_XS",
        "Q4_1", "Q4_0", "Q4", "MXFP4_MOE", "MXFP4", "NVFP4",
    ),
    (
        "Q5_K_M", "UD-Q5_K_XL", "Q5_K_L", "Q5_K_S", "Q5_1", "Q5_0", "Q5",
        "Q6_K", "UD-Q6_K_XL", "Q6_K_L", "Q6", "Q8_0", "UD-Q8_K_XL", "Q8_K_XL", "Q8_0_L", "Q8",
    ),
    (
        "Q3_K_L", "UD-Q3_K_XL", "Q3_K_XL", "Q3_K_M", "IQ3_M", "IQ3_S", "Q3_K_S", "Q3", "IQ3_XS",
        "IQ3_XXS", "UD-Q2_K_XL", "Q2_K_L", "Q2_K", "Q2_K_S", "Q2", "IQ2_M", "IQ2_S", "IQ2_XS",
        "IQ2_XXS",
    ),
    ("F16", "BF16", "F32"),
    ("TQ2_0", "TQ1_0", "IQ1_M", "IQ1_S", "Q1_0"),
)  # fmt: skip
_FOUR, _MORE, _LESS, _FLOAT, _LEAST = range(5)
PREFERENCE = tuple(quant for quants in _CLASSES for quant in quants)

#: Bits of a weight, about, by the class and digit of a quant (llama.cpp's ``quantize`` on 7B).
_BITS = {1: 1.75, 2: 2.8, 3: 3.7, 4: 4.7, 5: 5.6, 6: 6.6, 8: 8.5, 16: 16.0, 32: 32.0, 64: 64.0}
#: A class, and up to how many bits of a weight an unnamed file counts to it.
_BOUNDS = ((_LEAST, 2.2), (_LESS, 3.95), (_FOUR, 5.2), (_MORE, 11.0))
#: A file this much smaller than one of the same quant, or than others of which nothing is known,
#: holds something else.
_A_FRACTION = 4
#: How files with weights end that no engine here reads.
_OTHER_FORMATS = (
    *(".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack", ".onnx", ".npz"),
    *(".ggml", ".exl2", ".tflite"),
)


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
    """One model of the repository: one file, or the parts it was split into.

    `companion` says what it is where it is no model, in words.
    """

    name: str
    quant: str
    label: str
    companion: str
    parts: dict[int, ListedFile]
    part_count: int

    def missing(self) -> list[int]:
        return [number for number in range(1, self.part_count + 1) if number not in self.parts]

    def size(self) -> int:
        return sum(part.size for part in self.parts.values())

    def first_name(self) -> str:
        return self.parts[min(self.parts)].name

    def called(self) -> str:
        return self.quant or self.first_name()


def choose(listing: Sequence[ListedFile], ref: ModelRef) -> Choice:
    """The files that `ref` means, out of all files of its repository.

    Raises `RbeeError`: `model_not_found` when the repository has no GGUF, no such file or no such
    quant (the details list what it has); `model_invalid` when a part of a split model is missing.
    """
    found = _variants(listing, ref.repo)
    variants = [each for each in found if not each.companion]
    if ref.filename:
        variant, note = _by_filename(found, listing, ref), ""
    elif not variants:
        raise _no_model(found, listing, ref)
    elif ref.quant:
        variant, note = _by_quant(variants, listing, ref)
    else:
        variant, note = _best(variants, ref)
    if missing := variant.missing():
        numbers = ", ".join(map(str, missing))
        raise RbeeError(
            "model_invalid",
            f"{ref.repo} lacks part {numbers} of {variant.part_count} of {variant.first_name()}",
            "choose another quant, or tell the repository's owner",
            {"repo": ref.repo, "missing": missing, "parts": variant.part_count},
        )
    files = tuple(variant.parts[number] for number in sorted(variant.parts))
    return Choice(files, variant.quant, note)


def quant_sizes(listing: Sequence[ListedFile], repo: str) -> dict[str, int]:
    """Bytes of each complete quant that a repository holds, by its name."""
    sizes: dict[str, int] = {}
    for variant in _variants(listing, repo):
        is_whole = variant.size() and not variant.missing()
        if variant.quant and not variant.companion and is_whole:
            sizes.setdefault(variant.quant, variant.size())
    return sizes


def _variants(listing: Sequence[ListedFile], repo: str) -> list[_Variant]:
    """The models of a repository and what belongs to them; the shorter names first."""
    variants: dict[tuple[str, int], _Variant] = {}
    for file in listing:
        if not file.name.lower().endswith(".gguf"):
            continue
        part = part_of(file.name)
        if (part.stem, part.total) not in variants:
            variants[part.stem, part.total] = _Variant(
                part.stem,
                quant_of(file.name),
                label_of(file.name),
                companion_of(file.name, repo),
                {},
                part.total,
            )
        variants[part.stem, part.total].parts[part.number] = file
    return sorted(variants.values(), key=lambda variant: (len(variant.name), variant.name))


def _best(variants: list[_Variant], ref: ModelRef) -> tuple[_Variant, str]:
    """What is taken where nothing is asked for, and what to say about it."""
    whole = [each for each in variants if not each.missing()] or variants
    variant = _ranked(whole, ref)[0]
    if variant.quant == DEFAULT_QUANT:
        several = [each for each in whole if each.quant == DEFAULT_QUANT]
        taken = f"the repository has {len(several)} models in {DEFAULT_QUANT}; taking"
        return variant, f"{taken} {variant.first_name()}" if len(several) > 1 else ""
    kind = "only model" if len(variants) == 1 else "closest"
    return variant, f"no {DEFAULT_QUANT} in the repository; taking the {kind}, {variant.called()}"


def _ranked(variants: list[_Variant], ref: ModelRef) -> list[_Variant]:
    """The models of a repository, the best first where nothing is asked for."""
    import statistics  # late: a model that is here is not chosen

    largest = max(each.size() for each in variants)
    named = [each for each in variants if each.quant and each.size()]
    # What one bit of each weight takes in this repository (bytes).
    of_each = [each.size() / _bits(each.quant) for each in named]
    bit = statistics.median(of_each) if of_each else 0.0

    def rank(variant: _Variant) -> tuple[float, float, float, int]:
        size = variant.size()
        if variant.quant:
            kind, place = _class_and_place(variant.quant)
            suspect = bool(bit) and size * _A_FRACTION < bit * _bits(variant.quant)
            return kind + 10 * suspect, place, size, len(variant.name)
        weights = parameters_of(f"{variant.name} {ref.repo}") / 8
        each_bit = bit or weights
        if size and each_bit:
            bits = size / each_bit
            return _class_of(bits), math.inf, abs(math.log2(bits / _BITS[4])), 0
        # Only the size is known: the smaller is taken, unless it is too small for a model.
        return _MORE + 0.5, math.inf, math.inf if size * _A_FRACTION < largest else size, 0

    return sorted(variants, key=rank)


def _class_and_place(quant: str) -> tuple[int, float]:
    for kind, quants in enumerate(_CLASSES):
        if quant in quants:
            return kind, quants.index(quant)
    return _class_of(_bits(quant)), len(PREFERENCE)


def _class_of(bits: float) -> int:
    return next((kind for kind, most in _BOUNDS if bits <= most), _FLOAT)


def _bits(quant: str) -> float:
    """About how many bits a weight takes in a quant; by the first number in its name."""
    name = quant.removeprefix("UD-").removeprefix("TQ").removeprefix("TL")
    digits = "".join(each for each in name.partition("_")[0] if each.isdigit())
    return _BITS.get(int(digits or 0), 4.7)


def _by_filename(found: list[_Variant], listing: Sequence[ListedFile], ref: ModelRef) -> _Variant:
    """The file that was named; a companion, too, if an engine could run it by itself."""
    wanted = ref.filename
    named = {part.name: each for each in found for part in each.parts.values()}
    variant = named.get(wanted)
    if variant is None:
        # In a folder of the repository, but named without it; or in other letters.
        for alike in (_file_name, str.lower, lambda name: _file_name(name).lower()):
            inside = [each for name, each in named.items() if alike(name) == alike(wanted)]
            if len({id(each) for each in inside}) == 1:
                variant = inside[0]
                break
    models = {name: each for name, each in named.items() if not each.companion}
    if variant is None and (pieces := _pieces_of(wanted, listing)):
        raise _in_pieces(pieces, [each for each in found if not each.companion], ref)
    if variant is not None:
        if not variant.companion or not never_runs(variant.name):
            return variant
        others = [each for each in found if not each.companion]
        raise RbeeError(
            "model_not_found",
            f"{wanted} in {ref.repo} is no language model but belongs to one",
            f"use HF:{ref.repo}:{others[0].first_name()}" if others else "name another repository",
            {"repo": ref.repo, "file": wanted, "available": sorted(models)},
        )
    if not models:
        raise _no_model(found, listing, ref)
    import difflib  # late: what is named is mostly there

    near = difflib.get_close_matches(wanted, models, n=5, cutoff=0.4) or sorted(models)[:5]
    raise RbeeError(
        "model_not_found",
        f"{ref.repo} holds no file {wanted}; near matches: {', '.join(near)}",
        f"use HF:{ref.repo}:{near[0]}",
        {"repo": ref.repo, "file": wanted, "near": near, "available": sorted(models)},
    )


def _file_name(name: str) -> str:
    return name.rpartition("/")[2]


def _by_quant(
    variants: list[_Variant], listing: Sequence[ListedFile], ref: ModelRef
) -> tuple[_Variant, str]:
    """The model with the quant that was named, and what to say where it is only a near one."""
    wanted, label = quant_of(ref.quant), label_of(ref.quant)
    same = [each for each in variants if wanted and each.label == label]
    same = same or [each for each in variants if wanted and each.quant == wanted]
    # "UD-Q4_K_XL" also answers to its second half, and a file to its name.
    same = same or [each for each in variants if each.quant.removeprefix("UD-") == wanted != ""]
    same = same or [each for each in variants if _file_name(each.name).lower() == ref.quant.lower()]
    if same:
        # A projector may show a quant, too, and is smaller.
        largest = max(each.size() for each in same)
        same = [each for each in same if each.size() * _A_FRACTION >= largest]
        return min(same, key=lambda each: len(each.missing())), ""
    if len(wanted) == 2:  # "Q4": any of four bits
        family = [
            each
            for each in _ranked(variants, ref)
            if each.quant.removeprefix("UD-").removeprefix("I").startswith(f"{wanted}_")
        ]
        if family:
            note = f"no {wanted} in the repository; taking the closest, {family[0].quant}"
            return family[0], note
    if pieces := _pieces_of(ref.quant, listing):
        raise _in_pieces(pieces, variants, ref)
    has = sorted({each.quant for each in variants if each.quant})
    best = _ranked(variants, ref)[0]
    shown = has or [best.first_name()]
    near = nearest(wanted, has) or best.called()
    raise RbeeError(
        "model_not_found",
        f"{ref.repo} has no {ref.quant}; it has {', '.join(shown)}",
        f"use HF:{ref.repo}:{near}",
        {"repo": ref.repo, "quant": ref.quant, "available": has},
    )


def _no_model(found: list[_Variant], listing: Sequence[ListedFile], ref: ModelRef) -> RbeeError:
    """The error for a repository without a language model that an engine here could load."""
    if found:
        kinds = sorted({f"{each.first_name()} ({each.companion})" for each in found})
        could_run = [each for each in found if not never_runs(each.name)]
        return RbeeError(
            "model_not_found",
            f"{ref.repo} holds no language model, only what belongs to one: {', '.join(kinds[:5])}",
            f"name the repository of the model, or the file: HF:{ref.repo}:"
            f"{could_run[0].first_name()}"
            if could_run
            else "name the repository of the model itself",
            {"repo": ref.repo, "companions": [each.first_name() for each in found]},
        )
    if pieces := [file.name for file in listing if whole_of(file.name)]:
        return _in_pieces(pieces, [], ref)
    other = any(file.name.lower().endswith(_OTHER_FORMATS) for file in listing)
    holds = "weights in another format, but no GGUF file" if other else "no GGUF file"
    name = ref.repo.partition("/")[2]
    called = "" if name.endswith("-GGUF") else f", often called {name}-GGUF"
    return RbeeError(
        "model_not_found",
        f"{ref.repo} holds {holds}",
        f"name a repository with GGUF files{called}",
        {"repo": ref.repo},
    )


def _pieces_of(wanted: str, listing: Sequence[ListedFile]) -> list[str]:
    """The pieces of a file, or of one with a quant, in their order; none where it is not in
    pieces."""
    quant = quant_of(wanted)
    wholes = {file.name: whole for file in listing if (whole := whole_of(file.name))}
    return sorted(
        name
        for name, whole in wholes.items()
        if _file_name(whole).lower() == _file_name(wanted).lower()
        or (not wanted.lower().endswith(".gguf") and quant and quant_of(whole) == quant)
    )


def _in_pieces(pieces: Sequence[str], variants: list[_Variant], ref: ModelRef) -> RbeeError:
    """The error for a file that whoever published it has cut at any byte, with the best of what
    else there is."""
    whole = _file_name(whole_of(pieces[0]))
    join = f"fetch the pieces, join them (cat PIECES > {whole}), and name file:/path/{whole}"
    return RbeeError(
        "model_invalid",
        f"{ref.repo} holds {whole} cut into pieces alone ({listed(pieces)}), which no engine reads",
        f"use HF:{ref.repo}:{_ranked(variants, ref)[0].called()}, or {join}" if variants else join,
        {"repo": ref.repo, "pieces": list(pieces)},
    )
