from datetime import UTC, datetime, timedelta

from articles.rules.coverage import Report, repeated_places

JUNE = datetime(2020, 6, 9, 8, 0, tzinfo=UTC)
LEAD = Report("https://www.courier.example/bridge", "Courier", "Bridge closed", JUNE)


def report(url="https://www.herald.example/detour", outlet="Herald", title="Long detours", published_at=JUNE):
    return Report(url, outlet, title, published_at)


def test_the_leads_own_page_is_no_coverage():
    own = report("http://courier.example/bridge/?utm_source=rss", "Courier", "Bridge is closed")

    assert repeated_places(LEAD, [own, report()]) == {0}


def test_each_page_counts_once():
    again = report("https://m.herald.example/detour?fbclid=1", title="Detours get longer")

    assert repeated_places(LEAD, [report(), again]) == {1}


def test_a_headline_of_one_outlet_and_day_counts_once():
    again = report("https://www.herald.example/detour-2")
    elsewhere = report("https://www.mirror.example/detour", outlet="Mirror")
    next_day = report("https://www.herald.example/detour-3", published_at=JUNE + timedelta(days=1))

    assert repeated_places(LEAD, [report(), again, elsewhere, next_day]) == {1}


def test_reports_without_a_url_are_told_apart_by_their_headlines():
    assert repeated_places(LEAD, [report(""), report("", title="Another"), report("")]) == {2}


def test_front_pages_tell_nothing():
    one, other = report("https://www.herald.example/"), report("https://www.herald.example/", title="Another")

    assert repeated_places(LEAD, [one, other]) == set()
