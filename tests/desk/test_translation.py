"""Every text of the pages of editors can be translated.

The site is in Persian, whose catalogue marks each of our texts with brackets. Stories, people and outlets have Greek
names.
"""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from articles import operations
from articles.desk.reports import REPORTS
from articles.models import ImportProblem, ImportRun, Operation, SavedView
from sources.models import AppliedRule, Entry, Rule, Source
from tests import builders
from tests.brackets import LANGUAGE, speak_in_brackets, untranslated

# Not ours: names of permissions and roles in the database, of zones, and of Django's icons for yes and no.
OTHERS = re.compile(
    r'(?s)<select name="(?:user_)?permissions".*?</select>|<select name="time_zone".*?</select>|alt="(?:True|False)"'
    r"|contributor|editor|importer|publisher|Control|Command|Mac\b"
)
PAGES = [
    "admin:index",
    *("desk", "desk_front_page", "desk_suggestions", "desk_add_story", "desk_sources", "desk_add_source", "desk_rules"),
    *("desk_reports", "desk_history", "desk_imports", "desk_import_problems", "admin:profile"),
    *("admin:second_factor", "admin:password_change"),
]

pytestmark = pytest.mark.slow


@pytest.fixture
def newsroom(db, settings, client):
    """A story with a member, a source with a rule, imports and an undone edit; the URLs of their pages."""
    user = User.objects.create_superuser("Άννα")
    client.force_login(user)
    outlet = builders.provider("Άλφα", "alpha.example", language="el")
    words = {"provider": outlet, "excerpt": "Τι έγινε.", "topics": ["ΤΝ"]}
    lead = builders.article("Καταιγίδα", name="α", **words)
    builders.folded(lead, "Πλημμύρα", provider=outlet, excerpt="Νερό.")
    builders.article("Είδηση", name="β", published=None, **words)
    builders.related(lead, title="Αναφορά", provider=outlet)
    operations.edit(lead, title="Θύελλα")
    operation = Operation.objects.latest("pk")
    operations.undo(operation)
    now = timezone.now()
    source = Source.objects.create(name="Πηγή", url="https://alpha.example/feed", next_at=now)
    rule = Rule.objects.create(words=["νερό"], action="hold", source=source)
    seen = {"source": source, "title_key": "τ", "fingerprint": "f", "first_seen_at": now, "last_seen_at": now}
    entry = Entry.objects.create(**seen, outcome="taken", article=lead)
    Entry.objects.create(**seen, outcome="ruled", values={"title": "Νερό", "url": "https://alpha.example/2"})
    AppliedRule.objects.create(entry=entry, rule=rule, text="νερό")
    run = ImportRun.objects.create(paths="/α", via="command", ended_at=now, created=1, rejected=2, warnings=1)
    ImportRun.objects.create(paths="/β", via="command")
    ImportProblem.objects.create(run=run, kind="refused", label="/α/α", message="δεν")
    SavedView.objects.create(owner=user, name="Προβολή", query="view=all", shared=True)
    speak_in_brackets(settings)
    settings.SITE_NAME, settings.SITE_TAGLINE = "Νέα", "Τα νέα"
    named = {"desk_operation": operation, "desk_source": source, "desk_rule": rule, "desk_import": run}
    named |= dict.fromkeys(("desk_article_history", "desk_take_down_story", "desk_preview", "desk_story"), lead)
    urls = [reverse("desk_report", args=[key]) for key in REPORTS]
    urls += [reverse("desk") + "?view=all", reverse("desk_find") + f"?but={lead.pk}"]
    return urls + [reverse(name, args=[row.pk]) for name, row in named.items()]


def test_every_text_of_a_page_for_editors_can_be_translated(client, newsroom):
    for url in [*map(reverse, PAGES), *newsroom]:
        page = client.get(url).content.decode()
        assert f'<html lang="{LANGUAGE}"' in page, url
        assert untranslated(page) == set(), url


def test_every_text_of_the_pages_of_the_admin_can_be_translated(client, newsroom):
    for model in filter(admin.site.is_registered, apps.get_models()):
        if model._meta.app_label == "axes":
            continue
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        row = model.objects.first()
        urls = [reverse(f"{name}_changelist"), reverse(f"{name}_add")]
        for url in [*urls, *([reverse(f"{name}_change", args=[row.pk])] if row else [])]:
            page = client.get(url, follow=True).content.decode()
            assert untranslated(OTHERS.sub("", page)) == set(), url
