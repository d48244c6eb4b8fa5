"""Compute the digests of entries on YouTube from the normal form in which all pages of one video are one page.

The URL of an entry stands in its values, or in its article once it was taken. An entry that has neither any more gets
its digest when its source lists it again.
"""

from django.db import migrations
from django.db.models import Q

from articles.rules.urls import url_key

BATCH = 1000
HOST = "youtu"  # in youtube.com, youtube-nocookie.com and youtu.be


def set_keys(apps, schema_editor):
    Entry = apps.get_model("sources", "Entry")
    in_article = Q(article__web_url__icontains=HOST) | Q(article__original_url__icontains=HOST)
    entries = Entry.objects.exclude(page_key="").filter(in_article | Q(values__url__icontains=HOST)).order_by("pk")
    columns = ("pk", "page_key", "values__url", "article__web_url", "article__original_url")
    for pk, page_key, *urls in entries.values_list(*columns).iterator(BATCH):
        url = next((url for url in urls if url), "")
        if url_key(url) != page_key:
            Entry.objects.filter(pk=pk).update(page_key=url_key(url))


class Migration(migrations.Migration):
    dependencies = [("sources", "0006_time_zones_and_ttl"), ("articles", "0042_outlets_in_words")]

    operations = [migrations.RunPython(set_keys, migrations.RunPython.noop, elidable=True)]
