"""Template filters and tags for the desk."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django import template
from django.template.defaultfilters import date
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from articles.models import Article, Operation
from articles.models.publish_checks import LABELS
from articles.rules.publish_checks import Check
from articles.rules.scoring import FOLDED_HEAT
from config.times import format_time

register = template.Library()
register.filter("time_text", format_time)


@register.simple_tag(takes_context=True)
def nav_link(context: template.Context, url_name: str, label: str) -> SafeString:
    """Return a link of the header, marked on its own page."""
    url = reverse(url_name)
    mark = SafeString(' aria-current="page"') if context["request"].path == url else ""
    return format_html('<a href="{}"{}>{}</a>', url, mark, label)


@register.filter(expects_localtime=True)
def time_element(value: datetime, style: str = "full") -> SafeString:
    """Return a time in a style of `config.times` as an element that programs can read too."""
    return format_html('<time datetime="{}">{}</time>', date(value, "c"), format_time(value, style))


@register.filter
def heat_text(heat: int | None) -> str | int:
    """Return a heat as pages say it: folded articles have none."""
    if heat == FOLDED_HEAT:
        return _("folded")
    return _("none") if heat is None else heat


@register.filter
def without_folder(paths: str, folder: str) -> str:
    """Return a path, or several with commas between them, without the folder that the page names once."""
    return ", ".join(path.removeprefix(folder) for path in paths.split(", "))


@register.filter(is_safe=True)
def without_empty_headers(table: SafeString) -> str:
    """Replace the empty header cells of a table of Django's admin, which screen readers would announce."""
    return re.sub(r"<th( class=\"original\")?></th>", r"<td\1></td>", table)


@register.filter
def is_shown_at(article: Article, moment: datetime) -> bool:
    """Return whether readers see the article by itself at `moment`."""
    return article.is_shown(moment)


@register.filter
def overridden_checks(operation: Operation) -> str:
    """Return the publish checks that an operation overrode, in words, each once."""
    names = {name for checks in (operation.overridden or {}).values() for name in checks}
    return ", ".join(str(LABELS[check]) for check in Check if check.value in names)


@register.filter
def marked_change(segment: Any) -> SafeString:
    """Return a part of a changed text, marked for the eye and for screen readers if it was removed or added."""
    marks = {"removed": ("del", _("removed")), "added": ("ins", _("added"))}
    if segment.kind not in marks:
        return format_html("{}", segment.text)
    element, name = marks[segment.kind]
    return format_html(
        '<{0}><span class="visually-hidden">[{1}: </span>{2}<span class="visually-hidden">]</span></{0}>',
        element,
        name,
        segment.text,
    )


@register.filter
def button(action: Any, title: str = "") -> SafeString:
    """Return the button of an action of the desk; nothing for one that the editor may not take.

    `title` is that of its story, where a page has several.
    """
    if not action:
        return SafeString()
    name = format_html(' aria-label="{}: {}"', action.label, title) if title else ""
    style = SafeString(' class="go"') if action.name in ("publish", "merge") else ""
    html = format_html('<button name="action" value="{}"{}{}>{}</button>', action.name, style, name, action.label)
    if not action.reasons:
        return html
    *others, default = action.reasons
    options = format_html_join("", '<option value="{}">{}</option>', others)
    options += format_html('<option value="{}" selected>{}</option>', *default)
    return format_html(
        '<span class="spike">{}<select name="reason" aria-label="{}">{}</select></span>',
        html,
        _("Reason to spike %(title)s") % {"title": title} if title else _("Reason to spike the selected stories"),
        options,
    )
