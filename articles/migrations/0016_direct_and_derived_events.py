from django.db import migrations, models

# Until now nobody recorded what had followed from an act. Heat, leads and publication follow from these acts.
ACTS_WITH_CONSEQUENCES = [
    "score",
    "rescore",
    "fold",
    "take_out",
    "make_lead",
    "merge",
    "import",
    "policy",
    "delete",
]
DERIVED_FIELDS = ["heat", "published", "state", "spike_reason", "publish_at", "unpublish_at", "lead_id", "ambiguous"]


def mark_derived_events(apps, schema_editor):
    Event = apps.get_model("articles", "Event")
    followed = Event.objects.filter(operation__verb__in=ACTS_WITH_CONSEQUENCES, subject="article")
    followed.filter(field__in=DERIVED_FIELDS).update(derived=True)


class Migration(migrations.Migration):
    dependencies = [("articles", "0015_plain_texts")]

    operations = [
        migrations.AddField("event", "derived", models.BooleanField(default=False, db_default=False)),
        migrations.RunPython(mark_derived_events, migrations.RunPython.noop),
    ]
