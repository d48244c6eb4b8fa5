"""Add a story by its URL: what its page says, where each value stands there, and a form to correct and confirm it."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from articles.db.limited_fields import run_check
from articles.intake.by_url import Story, add_story, article_at
from articles.intake.documents import EntryText
from articles.intake.surroundings import load_topic_finder, outlet_of, topic_nodes
from articles.models import Topic
from articles.operations.results import ActionError
from articles.rules.languages import check_language
from articles.rules.limits import LANGUAGE_MAX, NAME_MAX, TEXT_MAX, TITLE_MAX, URL_MAX
from articles.rules.permissions import PERMISSION_BY_ACTION
from providers.models import Provider
from sources.preview import PagePreview, preview_page
from sources.reading.urls import host_of
from sources.reading.values import ParsedPage

from .looking import WAIT, is_url, look_at, requested_url
from .view_helpers import DeskRequest, actor, desk_view, render_admin

TIME_FORMAT = "%Y-%m-%dT%H:%M:%S"


class StoryForm(forms.Form):
    """A story's values. The import checks them by the limits of documents."""

    url = forms.CharField(label="URL", max_length=URL_MAX)
    title = forms.CharField(label=gettext_lazy("Headline"), max_length=TITLE_MAX)
    excerpt = forms.CharField(required=False, max_length=TEXT_MAX, widget=forms.Textarea(attrs={"rows": 4}))
    published = forms.DateTimeField(
        required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": 1}, format=TIME_FORMAT)
    )
    provider = forms.CharField(label=gettext_lazy("Outlet"), max_length=NAME_MAX)
    domain = forms.CharField(label=gettext_lazy("Domain of the outlet"), max_length=NAME_MAX)
    topics = forms.CharField(
        required=False, max_length=2000, widget=forms.TextInput(attrs={"list": "topic-names", "autocomplete": "off"})
    )
    picture = forms.CharField(label=gettext_lazy("URL of its picture"), required=False, max_length=URL_MAX)
    language = forms.CharField(required=False, max_length=LANGUAGE_MAX, validators=[partial(run_check, check_language)])

    def clean_topics(self) -> Any:
        """Return the topics. Raises ValidationError for a name that no topic has."""
        nodes, unknown = topic_nodes(name.strip() for name in self.cleaned_data["topics"].split(",") if name.strip())
        if unknown:
            raise forms.ValidationError(_("There is no topic “%(name)s”.") % {"name": unknown[0]})
        return nodes

    def story(self) -> Story:
        """Return the story; only of a valid form."""
        values = self.cleaned_data
        text = EntryText(
            title=values["title"],
            excerpt=values["excerpt"],
            url=values["url"],
            published_at=values["published"],
            picture=values["picture"],
            language=values["language"],
        )
        return Story(text=text, outlet=outlet_of(values["provider"], values["domain"]), topics=values["topics"])


@require_http_methods(["GET", "HEAD", "POST"])
@desk_view(PERMISSION_BY_ACTION["add"])
def add_story_page(request: DeskRequest) -> HttpResponse:
    """Ask for a URL, show what its page says, and add the story once that is confirmed."""
    url = requested_url(request)
    if request.method != "POST" or not url:
        return _page(request, url)
    if not is_url(url):
        text = request.POST["url"].strip()
        problem = _("“%(text)s” is not a URL. Write it like https://news.example/story.") % {"text": text[:100]}
        return _page(request, text, problem=problem)
    if existing := article_at(url):
        messages.info(request, _("This story is here already."))
        return redirect("desk_story", existing.pk)
    if "add" in request.POST:
        return _add(request, url)
    preview = look_at(request, url, preview_page)
    if preview is None:
        return _page(request, url, problem=str(WAIT), status=429)
    if preview.page and preview.page.url.text and (existing := article_at(preview.page.url.text)):
        messages.info(request, _("This story is here already."))
        return redirect("desk_story", existing.pk)
    form = None if preview.is_feed else StoryForm(initial=_initial(url, preview.page))
    return _page(request, url, preview=preview, form=form)


def _add(request: DeskRequest, url: str) -> HttpResponse:
    form = StoryForm(request.POST)
    if form.is_valid():
        try:
            article = add_story(form.story(), by=actor(request))
        except ActionError as error:
            form.add_error(None, error.sentence)
        else:
            messages.success(request, _("“%(article)s” is at the desk and waits for an editor.") % {"article": article})
            return redirect("desk_story", article.pk)
    return _page(request, url, form=form)


def _initial(url: str, page: ParsedPage | None) -> dict[str, Any]:
    """Return what the page says, in the form's terms. The outlet is the known one of its host, if there is one."""
    if page is None:
        return {"url": url, "domain": host_of(url)}
    story_url = page.url.text or url
    domain = host_of(story_url)
    known = Provider.objects.filter(domain=domain).order_by("-registered", "pk").first()
    published = parse_datetime(page.published.text) if page.published.text else None
    return {
        "url": story_url,
        "title": page.title.text,
        "excerpt": page.excerpt.text,
        "published": timezone.localtime(published) if published else None,
        "provider": known.name if known else page.provider.text or domain,
        "domain": domain,
        "topics": ", ".join(topic.name for topic in load_topic_finder().find(page.title.text, ())),
        "picture": page.picture.text,
        "language": page.language.text,
    }


def _page(
    request: DeskRequest,
    url: str,
    *,
    preview: PagePreview | None = None,
    form: StoryForm | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "title": _("Add a story by its URL"),
        "url": url,
        "preview": preview,
        "form": form,
        "problem": problem,
        "bookmarklet": _bookmarklet(request.build_absolute_uri(request.path)),
        "fields": [(field, _origin(preview, field.name)) for field in form] if form else [],
    }
    if form:
        context["topics"] = Topic.objects.order_by("name").values_list("name", flat=True)
    return render_admin(request, "desk/add_story.html", context, status)


def _bookmarklet(page: str) -> str:
    """Return the URL of a bookmark that opens this page for the page that a browser shows."""
    return f"javascript:location.href={json.dumps(page)}+'?url='+encodeURIComponent(location.href)"


def _origin(preview: PagePreview | None, name: str) -> str:
    """Return where the value of a field stands in the page; empty if that isn't known."""
    value = getattr(preview.page, name, None) if preview and preview.page else None
    if value is None:
        return ""
    if not value.text:
        return _("The page doesn’t say.")
    return _("From %(origin)s.") % {"origin": value.origin} if value.origin else ""
