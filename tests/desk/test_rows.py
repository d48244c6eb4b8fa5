"""The rows of the desk's list."""

import pytest
from django.utils import timezone

from articles.desk.rows import Row
from articles.models import Article
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        ({"seconds": 30}, "0 min ago"),
        ({"minutes": 59}, "59 min ago"),
        ({"minutes": 60}, "1 h ago"),
        ({"hours": 23, "minutes": 59}, "23 h ago"),
        ({"days": 1}, "1 d ago"),
        ({"days": 6, "hours": 23}, "6 d ago"),
        ({"days": 7}, "2 Jun 2020"),
        ({"days": -1}, "10 Jun 2020"),
    ],
)
def test_ages_are_short_and_become_dates(ago, text):
    now = builders.MORNING
    article = Article(published_at=now - timezone.timedelta(**ago))

    assert Row(article, None, 1, (), (), (), (), "", now).age == text
