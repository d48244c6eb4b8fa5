"""Check what is sent to the lists of the admin before it reaches a query, for the models of all apps.

Django refuses values that a field can't hold. It passes on what databases refuse: a NUL character, regular expressions
and other lookups on any column, and keys of selected rows that are no numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import TO_FIELD_VAR
from django.contrib.admin.views.main import ERROR_FLAG, IGNORED_PARAMS
from django.http import Http404, HttpRequest, HttpResponseRedirect, QueryDict

from config.autocomplete import is_possible_key

View = Callable[..., Any]
LOOKUPS = ("exact", "isnull", "in", "gt", "gte", "lt", "lte")  # those of Django's filters
NO_KEY = re.compile(r"\d{19}")  # the smallest numbers that no key can be
EDITED_KEY = re.compile(r"\w+-\d+-id", re.ASCII)  # the field in which an edited row names its key
DATE_LOOKUPS = {"year": 4, "month": 2, "day": 2}  # digits


def is_list(view: View) -> bool:
    return isinstance(getattr(view, "__self__", None), ModelAdmin) and view.__name__ == "changelist_view"


def checked_list(view: View) -> View:
    """Show the list without filters, as Django does for others that are invalid, if a parameter can't be looked up."""
    model_admin: ModelAdmin[Any] = view.__self__  # type: ignore[attr-defined]

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        own = {*IGNORED_PARAMS, *_own_parameters(model_admin, request)}
        parameters = ((name, value) for name, values in request.GET.lists() if name not in own for value in values)
        looked_up = (pair for pair in parameters if model_admin.lookup_allowed(*pair, request))  # or Django refuses it
        if not all(_is_sound(name, value) for name, value in looked_up):
            return HttpResponseRedirect(f"{request.path}?{ERROR_FLAG}=1")
        if request.method == "POST":
            request.POST = _with_possible_keys(request.POST)  # type: ignore[assignment]
        return view(request, *args, **kwargs)

    return checked


def known_field_required(view: View) -> View:
    """Respond with 404 if the field by which a row is looked up has no name; Django doesn't check that."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if "" in (request.GET.get(TO_FIELD_VAR), request.POST.get(TO_FIELD_VAR)):
            raise Http404
        return view(request, *args, **kwargs)

    return checked


def _own_parameters(model_admin: ModelAdmin[Any], request: HttpRequest) -> set[str]:
    """Return the parameters of filters that read their values themselves."""
    filters = model_admin.get_list_filter(request)
    return {
        str(item.parameter_name) for item in filters if isinstance(item, type) and issubclass(item, SimpleListFilter)
    }


def _is_sound(name: str, value: str) -> bool:
    field, separator, lookup = name.rpartition("__")
    if "\0" in name or "\0" in value or NO_KEY.search(value):
        return False
    if lookup in DATE_LOOKUPS and separator:
        return value.isdecimal() and 0 < len(value) <= DATE_LOOKUPS[lookup]
    return not separator or lookup in LOOKUPS


def _with_possible_keys(data: QueryDict) -> QueryDict:
    """Return the form without selected rows whose keys no row can have; such keys of edited rows become invalid."""
    changed = data.copy()
    if ACTION_CHECKBOX_NAME in data:
        keys = changed.getlist(ACTION_CHECKBOX_NAME)
        changed.setlist(ACTION_CHECKBOX_NAME, [key for key in keys if is_possible_key(key)])
    for name in filter(EDITED_KEY.fullmatch, data):
        if not is_possible_key(data[name]):
            changed[name] = "x"
    return changed
