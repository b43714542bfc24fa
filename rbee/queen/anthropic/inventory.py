"""The models that there are, page by page. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rbee.queen.anthropic.messages import ListModels, ModelInfo, ModelPage
from rbee.wire.errors import invalid


def info_of(name: str, context: int) -> ModelInfo:
    """A model that is called so, and was trained with so many tokens; 0: that is not known."""
    return ModelInfo(id=name, display_name=name, max_input_tokens=context or None)


def page_of(models: Sequence[ModelInfo], wanted: ListModels) -> ModelPage:
    """The page that is wanted. Raises `invalid_request` for one beside a model that is none."""
    places = {model.id: place for place, model in enumerate(models)}
    if wanted.after_id and wanted.before_id:
        raise invalid("`before_id` goes without `after_id`", "send one of them", field="before_id")
    begin, end = 0, len(models)
    if wanted.after_id:
        begin = _place("after_id", wanted.after_id, places) + 1
    if wanted.before_id:
        end = _place("before_id", wanted.before_id, places)
        page = models[max(0, end - wanted.limit) : end]
        has_more = end > wanted.limit
    else:
        page = models[begin : begin + wanted.limit]
        has_more = end > begin + wanted.limit
    if wanted.lifecycle and "active" not in wanted.lifecycle:
        page, has_more = [], False
    ends = (page[0].id, page[-1].id) if page else (None, None)
    return ModelPage(data=list(page), has_more=has_more, first_id=ends[0], last_id=ends[1])


def _place(field: str, model: str, places: Mapping[str, int]) -> int:
    if model not in places:
        raise invalid(f"`{field}` names no model of the list", "leave it out", field=field)
    return places[model]
