"""Whether a name leads to the files of another, without asking the hub. Pure."""

from __future__ import annotations

from rbee.hive.models import names
from rbee.hive.models.catalog import ModelRow
from rbee.hive.models.model_plan import ModelPlan
from rbee.wire.model_ref import ModelRef


def is_of(row: ModelRow, plan: ModelPlan) -> bool:
    """Whether a row has the files of a plan, by what the hub calls their content."""
    if len(row.files) != len(plan.files):
        return False
    for stored, file in zip(row.files, plan.files):
        known = stored.etag or stored.sha256
        if known != file.etag if known and file.etag else row.revision != plan.commit:
            return False
    return True


def means_the_same(ref: ModelRef, known: ModelRef, row: ModelRow) -> bool:
    """Whether a name leads, without a question, where the known name of `row` does."""
    same_version = branch(ref) == branch(known) or ref.revision == row.revision
    if ref.repo != known.repo or not same_version:
        return False
    if ref.filename:
        return bool(row.files) and ref.filename == row.files[0].name
    if ref.quant and not known.filename:  # else `ref.quant` may mean another file
        label = names.label_of(row.files[0].name) if row.files else ""
        return bool(label) and names.label_of(ref.quant) == label
    return not ref.quant and not known.filename and not known.quant


def branch(ref: ModelRef) -> str:
    """The branch, tag or commit of its repository that a reference names or leaves out."""
    return ref.revision or "main"  # the hub's name for what a reference without one means
