"""Give the articles that are there already their states and what asks editors for a look."""

from django.db import migrations
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce


def fill(apps, schema_editor):
    Article = apps.get_model("articles", "Article")
    Image = apps.get_model("articles", "ArticleImage")
    SitePolicy = apps.get_model("articles", "SitePolicy")
    articles = Article.objects.using(schema_editor.connection.alias)
    articles.filter(published=True).update(state="published")
    pictures = Image.objects.filter(article=OuterRef("pk"), kind="picture").order_by().values("article")
    number = Subquery(pictures.annotate(number=Count("pk")).values("number"))
    articles.update(picture_count=Coalesce(number, 0))
    others = Article.objects.filter(url_key=OuterRef("url_key")).exclude(pk=OuterRef("pk"))
    articles.filter(Exists(others)).exclude(url_key="").update(twin=True)
    stands_open = articles.exclude(heat__isnull=False, heat=-1).exclude(removed__isnull=False, removed=True)
    stands_open.filter(picture_count=0).update(pictureless=True)
    stands_open.filter(twin=True).update(duplicate=True)
    nothing_to_read = Q(web_url="", original_url="") | Q(excerpt="")
    stands_open.filter(Q(twin=True) | Q(stale=True) | Q(missing=True) | nothing_to_read).update(warned=True)
    if not SitePolicy.objects.exists():
        SitePolicy.objects.create(pk=1)


class Migration(migrations.Migration):

    dependencies = [
        ("articles", "0002_states_schedules_and_operations"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
