import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.rules.limits import URL_MAX
from articles.rules.urls import normalize_url, strip_tracking, unwrap_redirect

PAGE = "https://www.courier.example/news/bridge?id=7"


@pytest.mark.parametrize(
    ("url", "normal_form"),
    [
        # Scheme, host and port
        ("https://courier.example/bridge", "courier.example/bridge"),
        ("http://courier.example/bridge", "courier.example/bridge"),
        ("HTTPS://Courier.EXAMPLE/bridge", "courier.example/bridge"),
        ("https://www.courier.example/bridge", "courier.example/bridge"),
        ("https://m.courier.example/bridge", "courier.example/bridge"),
        ("https://mobile.courier.example/bridge", "courier.example/bridge"),
        ("https://amp.courier.example/bridge", "courier.example/bridge"),
        ("https://www.m.courier.example/bridge", "courier.example/bridge"),
        ("https://news.courier.example/bridge", "news.courier.example/bridge"),
        ("https://wwwcourier.example/bridge", "wwwcourier.example/bridge"),
        ("https://www.example/bridge", "www.example/bridge"),
        ("https://courier.example./bridge", "courier.example/bridge"),
        ("https://courier.example:443/bridge", "courier.example/bridge"),
        ("http://courier.example:80/bridge", "courier.example/bridge"),
        ("https://courier.example:8443/bridge", "courier.example:8443/bridge"),
        ("https://zürich.example/brücke", "xn--zrich-kva.example/br%C3%BCcke"),
        ("https://xn--zrich-kva.example/br%c3%bccke", "xn--zrich-kva.example/br%C3%BCcke"),
        ("https://[2001:db8::1]/bridge", "[2001:db8::1]/bridge"),
        ("  https://courier.example/bridge\n", "courier.example/bridge"),
        # Path
        ("https://courier.example/bridge/", "courier.example/bridge"),
        ("https://courier.example/bridge//", "courier.example/bridge"),
        ("https://courier.example/bridge/index.html", "courier.example/bridge"),
        ("https://courier.example/bridge/Index.PHP", "courier.example/bridge"),
        ("https://courier.example/bridge/default.aspx", "courier.example/bridge"),
        ("https://courier.example/index.php/bridge", "courier.example/index.php/bridge"),
        ("https://courier.example/index.php?id=7", "courier.example?id=7"),
        ("https://courier.example/bridge.html", "courier.example/bridge.html"),
        ("https://courier.example/Bridge", "courier.example/Bridge"),
        ("https://courier.example/bridge;jsessionid=A1B2.node-3", "courier.example/bridge"),
        ("https://courier.example/a%7eb%2fc", "courier.example/a~b%2Fc"),
        ("https://courier.example/100%", "courier.example/100%"),
        ("https://courier.example/a b", "courier.example/a%20b"),
        # Fragment
        ("https://courier.example/bridge#comments", "courier.example/bridge"),
        ("https://courier.example/bridge#", "courier.example/bridge"),
        ("https://courier.example/#!/bridge", "courier.example#!/bridge"),
        # Parameters
        ("https://courier.example/bridge?", "courier.example/bridge"),
        ("https://courier.example/bridge?id=7", "courier.example/bridge?id=7"),
        ("https://courier.example/bridge?id=8", "courier.example/bridge?id=8"),
        ("https://courier.example/bridge?b=2&a=1", "courier.example/bridge?a=1&b=2"),
        ("https://courier.example/bridge?a=2&a=1", "courier.example/bridge?a=1&a=2"),
        ("https://courier.example/bridge?a=&b", "courier.example/bridge?a&b"),
        ("https://courier.example/bridge?q=a+b", "courier.example/bridge?q=a%20b"),
        ("https://courier.example/bridge?q=a%20b", "courier.example/bridge?q=a%20b"),
        ("https://courier.example/bridge?q=%e4%b8%ad", "courier.example/bridge?q=%E4%B8%AD"),
        ("https://courier.example/bridge?&&id=7&", "courier.example/bridge?id=7"),
        ("https://courier.example/bridge?b=2&amp;a=1", "courier.example/bridge?a=1&b=2"),
        ("https://courier.example/?p=71", "courier.example?p=71"),
        ("https://courier.example?p=71", "courier.example?p=71"),
        # Tracking parameters
        ("https://courier.example/bridge?utm_source=rss&utm_medium=feed", "courier.example/bridge"),
        ("https://courier.example/bridge?UTM_Source=x&id=7", "courier.example/bridge?id=7"),
        ("https://courier.example/bridge?utm%5Fsource=x", "courier.example/bridge"),
        ("https://courier.example/bridge?id=7&amp;utm_source=x", "courier.example/bridge?id=7"),
        ("https://courier.example/bridge?fbclid=IwAR2&gclid=3&msclkid=4", "courier.example/bridge"),
        ("https://courier.example/bridge?mc_cid=1&mc_eid=2&mkt_tok=3", "courier.example/bridge"),
        ("https://courier.example/bridge?CMP=twt_gu", "courier.example/bridge"),
        ("https://courier.example/bridge?wt_mc=rss.ho.beitrag.rdf", "courier.example/bridge"),
        ("https://courier.example/bridge?at_medium=RSS&at_campaign=rss", "courier.example/bridge"),
        ("https://courier.example/bridge?partner=rss&emc=rss", "courier.example/bridge"),
        ("https://courier.example/bridge?src=RSS_PUBLIC", "courier.example/bridge"),
        ("https://courier.example/bridge?ref=herald.example", "courier.example/bridge"),
        ("https://courier.example/bridge?ref=AR", "courier.example/bridge?ref=AR"),
        ("https://courier.example/bridge?from=page.html", "courier.example/bridge?from=page.html"),
        ("https://courier.example/bridge?source=essays", "courier.example/bridge?source=essays"),
        ("https://courier.example/bridge?feed=rss2", "courier.example/bridge?feed=rss2"),
        ("https://courier.example/bridge#utm_source=rss", "courier.example/bridge"),
        # AMP
        ("https://courier.example/bridge?amp=1", "courier.example/bridge"),
        ("https://courier.example/bridge?amp", "courier.example/bridge"),
        ("https://courier.example/bridge?_amp=true", "courier.example/bridge"),
        ("https://courier.example/bridge?outputType=amp", "courier.example/bridge"),
        ("https://courier.example/bridge?template=ampart", "courier.example/bridge"),
        ("https://courier.example/bridge?amps=12", "courier.example/bridge?amps=12"),
        # Redirects whose target is in the query
        ("https://www.google.com/url?q=https://courier.example/bridge&sa=D", "courier.example/bridge"),
        (
            "https://www.google.co.uk/url?url=https%3A%2F%2Fcourier.example%2Fbridge%3Fid%3D7",
            "courier.example/bridge?id=7",
        ),
        ("http://news.google.com/news/url?sa=t&url=http://courier.example/bridge", "courier.example/bridge"),
        ("https://l.facebook.com/l.php?u=https%3A%2F%2Fcourier.example%2Fbridge&h=AT0", "courier.example/bridge"),
        (
            "https://www.bing.com/news/apiclick.aspx?aid=&url=https%3a%2f%2fcourier.example%2fbridge",
            "courier.example/bridge",
        ),
        (
            "https://www.google.com/url?q=https%3A%2F%2Fout.reddit.com%2Ft3%3Furl%3D"
            "https%253A%252F%252Fcourier.example%252Fa",
            "courier.example/a",
        ),
        ("https://www.google.com/url?q=javascript:alert(1)//http", "google.com/url?q=javascript:alert(1)//http"),
        ("https://courier.example/url?q=https://herald.example/a", "courier.example/url?q=https://herald.example/a"),
        ("https://notgoogle.com/url?q=https://herald.example/a", "notgoogle.com/url?q=https://herald.example/a"),
        # Pages of YouTube that show one video
        ("https://www.youtube.com/watch?v=aB3-_x9YzQ0", "youtube.com/watch?v=aB3-_x9YzQ0"),
        ("http://m.youtube.com/watch?app=desktop&v=aB3-_x9YzQ0&t=42s", "youtube.com/watch?v=aB3-_x9YzQ0"),
        ("https://youtube.com/watch?list=PL1&amp;v=aB3-_x9YzQ0&index=2", "youtube.com/watch?v=aB3-_x9YzQ0"),
        ("https://youtu.be/aB3-_x9YzQ0", "youtube.com/watch?v=aB3-_x9YzQ0"),
        ("HTTPS://YouTu.be/aB3-_x9YzQ0/?si=Xy&t=7#top", "youtube.com/watch?v=aB3-_x9YzQ0"),
        ("https://www.youtube.com/shorts/aB3-_x9YzQ0?feature=share", "youtube.com/watch?v=aB3-_x9YzQ0"),
        ("https://www.youtube.com/embed/aB3-_x9YzQ0", "youtube.com/watch?v=aB3-_x9YzQ0"),
        ("https://www.youtube-nocookie.com/embed/aB3-_x9YzQ0?rel=0", "youtube.com/watch?v=aB3-_x9YzQ0"),
        ("https://www.youtube.com/live/aB3-_x9YzQ0", "youtube.com/watch?v=aB3-_x9YzQ0"),
        ("https://www.youtube.com/v/aB3-_x9YzQ0", "youtube.com/watch?v=aB3-_x9YzQ0"),
        ("https://www.google.com/url?q=https://youtu.be/aB3-_x9YzQ0&sa=D", "youtube.com/watch?v=aB3-_x9YzQ0"),
        ("https://youtu.be/Ab3-_x9YzQ0", "youtube.com/watch?v=Ab3-_x9YzQ0"),
        ("https://youtu.be/short", "youtu.be/short"),
        ("https://www.youtube.com/embed/videoseries?list=PL1", "youtube.com/embed/videoseries?list=PL1"),
        ("https://www.youtube.com/playlist?list=PL1", "youtube.com/playlist?list=PL1"),
        ("https://www.youtube.com/@courier", "youtube.com/@courier"),
        ("https://youtube.example/watch?v=aB3-_x9YzQ0", "youtube.example/watch?v=aB3-_x9YzQ0"),
        ("https://courier.example/youtu.be/aB3-_x9YzQ0", "courier.example/youtu.be/aB3-_x9YzQ0"),
        # Front pages, and what is no web URL
        ("https://www.courier.example/", ""),
        ("https://courier.example", ""),
        ("https://courier.example/index.html", ""),
        ("https://courier.example/?utm_source=rss#top", ""),
        ("", ""),
        ("courier.example/bridge", ""),
        ("/bridge", ""),
        ("tag:courier.example,2020:7", ""),
        ("mailto:desk@courier.example", ""),
        ("javascript:alert(1)", ""),
        ("https:///bridge", ""),
        ("https://user:secret@courier.example/bridge", ""),
        ("https://courier.example:x/bridge", ""),
        ("https://[::1/bridge", ""),
        ("https://courier.example/" + "a" * URL_MAX, ""),
    ],
)
def test_pages_have_a_normal_form(url, normal_form):
    assert normalize_url(url) == normal_form


@pytest.mark.parametrize(
    ("url", "stripped"),
    [
        (PAGE, PAGE),
        (f"{PAGE}&utm_source=rss&utm_medium=feed", PAGE),
        ("https://courier.example/bridge?utm_source=rss&id=7", "https://courier.example/bridge?id=7"),
        ("https://courier.example/bridge?utm_source=rss", "https://courier.example/bridge"),
        ("https://courier.example/bridge?utm_source=rss#map", "https://courier.example/bridge#map"),
        ("https://courier.example/bridge#xtor=RSS-1", "https://courier.example/bridge"),
        ("https://courier.example/bridge?id=7#utm_source=rss&part=2", "https://courier.example/bridge?id=7#part=2"),
        ("https://courier.example/bridge?ref=herald.example", "https://courier.example/bridge"),
        ("https://courier.example/bridge?b=2&a=%7e&gclid=1&c=+", "https://courier.example/bridge?b=2&a=%7e&c=+"),
        # Without tracking parameters a URL stays as it is, however it is written.
        ("HTTP://www.Courier.example:80//a/index.html?&b&&a=#", "HTTP://www.Courier.example:80//a/index.html?&b&&a=#"),
        ("https://courier.example/bridge?amp=1", "https://courier.example/bridge?amp=1"),
        ("https://courier.example/bridge#:~:text=utm_source", "https://courier.example/bridge#:~:text=utm_source"),
        ("https://courier.example/?", "https://courier.example/?"),
        ("/assets/logo.png?v=2", "/assets/logo.png?v=2"),
        ("", ""),
    ],
)
def test_readers_get_links_without_tracking_parameters(url, stripped):
    assert strip_tracking(url) == stripped


def test_redirects_lead_to_the_url_as_written_in_them():
    target = "HTTPS://www.courier.example/a?b=1&utm_source=x"
    escaped = target.replace("&", "%26")

    assert unwrap_redirect(f"https://www.google.com/url?q={escaped}&sa=D") == target
    assert unwrap_redirect(PAGE) == PAGE


WORDS = st.text(st.characters(codec="utf-8"), max_size=12)
PATHS = st.lists(
    st.one_of(WORDS, st.sampled_from(["", "index.html", "%7E", "%e4", "amp", ";jsessionid=1"])), max_size=4
)
QUERIES = st.lists(
    st.tuples(st.one_of(WORDS, st.sampled_from(["utm_source", "ref", "amp;a", "amp"])), WORDS), max_size=4
)


@st.composite
def web_urls(draw):
    host = draw(st.sampled_from(["courier.example", "www.m.courier.example", "Zürich.example:81", "courier.example."]))
    query = "&".join(f"{name}={value}" for name, value in draw(QUERIES))
    return f"https://{host}/{'/'.join(draw(PATHS))}?{query}#{draw(WORDS)}"


@given(web_urls())
def test_a_normal_form_is_its_own_normal_form(url):
    normal_form = normalize_url(url)

    assert not normal_form or normalize_url(f"https://{normal_form}") == normal_form


@pytest.mark.slow
@given(web_urls())
def test_links_without_tracking_parameters_lead_to_the_same_page(url):
    assert normalize_url(strip_tracking(url)) == normalize_url(url)
    assert strip_tracking(strip_tracking(url)) == strip_tracking(url)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_accepted(start, rest):
    for url in (start, f"http://{start}", f"https://courier.example/{start}?{rest}#{start}"):
        assert isinstance(normalize_url(url), str)
        assert isinstance(strip_tracking(url), str)
