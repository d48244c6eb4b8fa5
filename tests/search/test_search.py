import pytest
from django.db import connection, migrations, models, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from articles import search
from articles.models import Article, ArticleTopic
from articles.search import postgresql, sqlite
from articles.search.highlighting import share_stem
from articles.search.query import MAX_CHARACTERS, MAX_WORDS, Query, SearchTerm, parse
from articles.search.schema import CreateIndex, CreateTriggers, DropTriggers, missing_triggers, rebuild
from articles.templatetags.newsfold import highlighted
from providers.models import Provider
from tests import builders

db = pytest.mark.django_db
HOSTILE = (
    '"',
    '""""',
    '-"',
    "'",
    "''; DROP TABLE article_search --",
    "(",
    "a)(b",
    "NEAR(a b, 5)",
    "title:a",
    "^a",
    "a*",
    "*",
    "a:*",
    "a & b | !c <-> d",
    "!",
    "<2>",
    "a AND",
    "OR b",
    "NOT c",
    "{title excerpt}: a",
    "+ a",
    "a\\",
    "a\0b",
    "\0",
    "%",
    "%s",
    "a_b",
    "\ud800",
    "a \udfff b",
    "\ufeff\u200b\u202e",
    "é" * 50,
    "a\u0301\u0301\u0301",
    "🙂",
    "① ² ½",
    "कि",
    "新冠 疫情",
    "x" * 10_000,
    "a " * 5_000,
    '"' * 10_000,
    "-a " * 5_000,
    "a-" * 5_000,
)


def texts(ids, field="title"):
    values = dict(Article.objects.values_list("pk", field))
    return [values[pk] for pk in ids]


def titles(text, articles=None, **options):
    found = search.matching(Article.objects.all() if articles is None else articles, text, **options)
    return [article.title for article in found.newest_first()]


def term(text, **values):
    return SearchTerm(tuple(text.split()), **values)


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("climate summit", ["climate", "summit"], []),
        ('"climate summit" paris', ["climate summit", "paris"], []),
        ("“climate summit”", ["climate summit"], []),
        ('"climate summit', ["climate summit"], []),
        ("summit -football", ["summit"], ["football"]),
        ('summit -"premier league"', ["summit"], ["premier league"]),
        ("summit --football", ["summit"], ["football"]),
        ("- football", ["football"], []),
        ("covid-19", ["covid 19"], []),
        ("AT&T", ["AT T"], []),
        ("a a a", ["a"], []),
        ("one AND (two)", ["one", "AND", "two"], []),
        ("snake_case", ["snake case"], []),
        ("nul\0byte", ["nul byte"], []),
        ("\ud800sur", ["sur"], []),
        ("किताब", ["किताब"], []),
        ("h² ½ 2½", ["h", "2"], []),
        ("-football", [], ["football"]),
        ("", [], []),
        ("  - \" ' ( * 🙂", [], []),
    ],
)
def test_a_query_is_taken_apart(text, wanted, unwanted):
    assert parse(text) == Query(tuple(map(term, wanted)), tuple(map(term, unwanted)))


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("new elect", SearchTerm(("elect",), prefix=True)),
        ("new elect ", SearchTerm(("elect",))),
        ('new "elect', SearchTerm(("elect",))),
        ("new covid-vac", SearchTerm(("covid", "vac"), prefix=True)),
        ("new el", SearchTerm(("el",))),
        ("new 新", SearchTerm(("新",), prefix=True)),
    ],
)
def test_only_a_word_still_being_typed_is_a_beginning(text, last):
    assert parse(text, prefix=True).required[-1] == last


def test_an_unwanted_word_is_never_a_beginning():
    assert parse("new -elect", prefix=True).excluded == (SearchTerm(("elect",)),)


def test_a_query_has_no_more_words_than_a_database_should_look_for():
    many = " ".join(f"w{number}" for number in range(100))

    assert len(parse(many).required) == MAX_WORDS
    assert len(parse("-".join(many.split())).required[0].words) == MAX_WORDS
    assert not parse(" " * MAX_CHARACTERS + "late")
    parted = " ".join(f"क्ष{chr(ord('a') + number)}" for number in range(20))  # two words each for SQLite
    assert len(parse(parted).required) == MAX_WORDS // 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("election", "elections"),
        ("policy", "policies"),
        ("vaccinate", "vaccination"),
        ("vaccine", "vaccines"),
        ("report", "reporting"),
        ("covid", "covid"),
    ],
)
def test_forms_of_one_word_are_akin(one, other):
    assert share_stem(one, other)
    assert share_stem(other, one)


@pytest.mark.parametrize(
    ("one", "other"), [("a", "as"), ("china", "chile"), ("elect", "electricity"), ("cat", "catch"), ("cass", "cases")]
)
def test_other_words_are_not_akin(one, other):
    assert not share_stem(one, other)


@pytest.mark.parametrize(
    ("text", "words", "html"),
    [
        ("Elections in Paris", "election", "<mark>Elections</mark> in Paris"),
        ("Café society", "cafe", "<mark>Café</mark> society"),
        ("Cafe\u0301 society", "CAFÉ", "<mark>Cafe\u0301</mark> society"),
        ("<b>AT&T</b> deal", "deal", "&lt;b&gt;AT&amp;T&lt;/b&gt; <mark>deal</mark>"),
        ("<script>", "script", "&lt;<mark>script</mark>&gt;"),
        ("Rome and Paris", "rome -paris", "<mark>Rome</mark> and Paris"),
        ("New cases, no new ways: cases", '"new cases"', "<mark>New</mark> <mark>cases</mark>, no new ways: cases"),
        ("Covid-19 and 19 others", "covid-19", "<mark>Covid</mark>-<mark>19</mark> and 19 others"),
        ("New new cases", '"new cases" new', "<mark>New</mark> <mark>new</mark> <mark>cases</mark>"),
        ("new", '"new cases"', "new"),
        ("Rome", "", "Rome"),
        ("", "rome", ""),
    ],
)
def test_highlights_mark_words_and_escape_the_rest(text, words, html):
    assert highlighted(search.segments(text, words)) == html


def test_an_excerpt_begins_where_a_match_can_be_seen():
    text = f"Rome {'and so on ' * 30}then Paris at last"
    assert search.from_first_match(text, "rome paris", 180) == text
    assert search.from_first_match(text, "london", 180) == text
    assert search.from_first_match(text, "paris", 180) == "… so on and so on and so on and so on then Paris at last"
    assert search.from_first_match("x" * 300 + "-paris", "paris", 180) == "… " + "x" * 39 + "-paris"


@pytest.mark.parametrize("words", HOSTILE)
def test_segments_are_the_text(words):
    text = "a <b> 新冠 <script>alert(1)</script> é \ue000 \0 x"

    assert "".join(part for part, _ in search.segments(text, words)) == text


@db
@pytest.mark.parametrize(
    "text",
    [
        "glacier",
        "GLACIERS",
        "melting glacier",
        "swiss",
        "glacier courier",
        "climate",
        '"climate change"',
        '"glaciers melt"',
        "zürich",
        "Zurich",
        "zu\u0308rich",
        "glacier -football",
        "co2-neutral",
        "-football",
        "Glacier!",
    ],
)
def test_an_article_is_found_by(text):
    builders.article(
        "Glaciers melt in Zürich",
        excerpt="The Swiss plan to be CO2-neutral.",
        provider=builders.provider("Alpine Courier", "alpine.example"),
        topics=["Climate change", "Science"],
    )
    builders.article("Football results", topics=["Sport"])

    assert titles(text) == ["Glaciers melt in Zürich"]


@db
@pytest.mark.parametrize(
    "text",
    [
        "glacier volcano",
        '"melt glaciers"',
        '"zurich the swiss"',
        '"neutral alpine"',
        "glacier -melting",
        'glacier -"alpine courier"',
        "glac",
        "-glacier",
    ],
)
def test_an_article_is_not_found_by(text):
    builders.article(
        "Glaciers melt in Zürich",
        excerpt="The Swiss plan to be CO2-neutral.",
        provider=builders.provider("Alpine Courier", "alpine.example"),
        topics=["Climate change", "Science"],
    )

    assert titles(text) == []


@db
def test_stop_words_are_words():
    builders.article("Who warns")
    builders.article("Nobody warns")

    assert titles("WHO") == ["Who warns"]


@db
def test_the_last_word_may_be_a_beginning():
    builders.article("Glaciers melt")

    assert titles("melt glac", prefix=True) == ["Glaciers melt"]
    assert titles("glac melt", prefix=True) == []


@db
def test_chinese_is_found_by_runs_and_their_beginnings():
    builders.article("新冠疫情 最新消息")

    assert titles("新冠疫情") == ["新冠疫情 最新消息"]
    assert titles("新冠", prefix=True) == ["新冠疫情 最新消息"]


@db
@pytest.mark.parametrize("text", ["", " ", '"', "-", "🙂", "\0", "()", "½"])
def test_without_a_word_nothing_is_narrowed(text):
    articles = Article.objects.public()

    assert search.matching(articles, text) is articles


@db
@pytest.mark.parametrize("prefix", [False, True])
def test_no_text_is_an_error(prefix):
    builders.article("a b c 新冠 é")

    for text in HOSTILE:
        list(search.matching(Article.objects.all(), text, prefix=prefix).newest_first()[:5])
        search.most_relevant(Article.objects.all(), text, size=25)


@pytest.fixture(params=["few", "many"])
def plan(request, monkeypatch):
    """Each way in which the databases find articles, whatever the number of matches."""
    few = request.param == "few"
    monkeypatch.setattr(sqlite, "MANY", 5000 if few else 0)
    monkeypatch.setattr(postgresql, "SAMPLE", 0 if few else 1000)
    monkeypatch.setattr(postgresql, "DENSE", dict.fromkeys(postgresql.DENSE, 1 if few else 0))


@db
@pytest.mark.usefixtures("plan")
def test_matches_can_be_filtered_ordered_sliced_and_counted():
    at = builders.MORNING
    for name in ("b", "a", "a-b"):  # ties go by file name
        builders.article(f"Storm {name}", name=f"2020-06-09-{name}", published_at=at, topics=["Weather"])
    builders.article("Storm hidden", heat=10, published_at=at)
    weather = builders.topic("Weather")

    assert titles("storm", Article.objects.public()) == ["Storm a-b", "Storm a", "Storm b"]
    found = search.matching(Article.objects.with_topics([weather]), "storm")
    assert found.filter(name="2020-06-09-a").get().title == "Storm a"
    assert [article.title for article in found.newest_first()[1:3]] == ["Storm a", "Storm b"]
    assert found.count() == search.count(Article.objects.with_topics([weather]), "storm") == 3
    assert search.count(Article.objects.all(), "storm", up_to=2) == 3
    assert search.count(Article.objects.all(), "storm -hidden", up_to=1) == 2
    assert search.matching(Article.objects.filter(topics=weather), "storm").count() == 3
    assert Article.objects.exclude(pk__in=found).get().title == "Storm hidden"
    assert search.matching(found, "hidden").count() == 0
    assert found.update(heat=75) == 3


@db
@pytest.mark.parametrize("number", [1, 5])
def test_the_number_of_queries_is_constant(number, django_assert_num_queries):
    for _ in range(number):
        builders.article("Storm")
    deciding = {"sqlite": [1, 1], "postgresql": [2, 0]}[connection.vendor]

    with django_assert_num_queries(deciding[0] + 1):
        assert len(search.matching(Article.objects.all(), "storm").newest_first()) == number
    with django_assert_num_queries(deciding[1] + 2):
        assert len(search.most_relevant(Article.objects.all(), "storm", size=25)) == number


@db
def test_the_best_come_first():
    builders.article("Nothing here", excerpt="A storm, they say, in a long text about something else entirely.")
    builders.article("Storm over Paris", excerpt="Wind.")
    builders.article("Quiet", topics=["Storm"])

    assert texts(search.most_relevant(Article.objects.all(), "storm", size=25)) == [
        "Storm over Paris",
        "Quiet",
        "Nothing here",
    ]
    assert texts(search.most_relevant(Article.objects.all(), "storm", start=1, size=1)) == ["Quiet"]


@db
def test_of_equally_good_ones_the_newer_comes_first_and_only_the_newest_are_compared(monkeypatch):
    builders.article("Storm storm", name="2020-01-01-old", excerpt="Storm.")
    builders.article("Storm", name="2020-01-02-first")
    builders.article("Storm", name="2020-01-03-second")
    monkeypatch.setattr(search, "RANKED_MAX", 2)

    assert texts(search.most_relevant(Article.objects.all(), "storm", size=25), "name") == [
        "2020-01-03-second",
        "2020-01-02-first",
    ]
    assert texts(search.most_relevant(Article.objects.all(), "-wind", size=25), "name") == [
        "2020-01-03-second",
        "2020-01-02-first",
    ]


@db
def test_every_write_reaches_the_index():
    article = builders.article("Storm", topics=["Weather"])
    other = builders.article("Calm")

    article.title = "Hurricane"
    article.save()
    assert (titles("storm"), titles("hurricane")) == ([], ["Hurricane"])
    Article.objects.filter(pk=article.pk).update(excerpt="Roofs fly")
    assert titles("roof") == ["Hurricane"]
    Provider.objects.filter(pk=article.provider_id).update(name="Herald")
    assert (titles("courier"), titles("herald")) == ([], ["Calm", "Hurricane"])
    article.provider = builders.provider("Post", "post.example")
    article.save()
    assert titles("post hurricane") == ["Hurricane"]
    article.topics.through.objects.filter(tag__name="Weather").update(tag=builders.topic("Disasters"))
    assert (titles("weather"), titles("disaster")) == ([], ["Hurricane"])
    disasters = builders.topic("Disasters")
    disasters.name = "Catastrophes"
    disasters.save()
    assert (titles("disaster"), titles("catastrophe")) == ([], ["Hurricane"])
    ArticleTopic.objects.bulk_create([ArticleTopic(content_object=row, tag=disasters) for row in [other]])
    assert titles("catastrophe") == ["Calm", "Hurricane"]
    ArticleTopic.objects.filter(content_object=article).update(content_object=builders.article("Fog"))
    assert titles("catastrophe") == ["Fog", "Calm"]
    ArticleTopic.objects.all().delete()
    assert titles("catastrophe") == []
    article.delete()
    assert (titles("hurricane"), indexed()) == ([], 2)


@db
def test_what_is_coming_in_is_found_once_it_has_come_in():
    article = builders.article("Storm", public=False, staged=True)
    ArticleTopic.objects.create(content_object=article, tag=builders.topic("Weather"))

    assert (indexed(), titles("storm"), titles("-football")) == (0, [], [])

    Article.objects.filter(staged__isnull=False).update(public=F("staged"), staged=None)
    assert titles("storm weather courier") == ["Storm"]

    Article.objects.update(staged=False)
    assert indexed() == 0


@db
def test_what_changes_no_word_writes_nothing_to_the_index():
    article = builders.article("Storm", topics=["Weather"])

    with CaptureQueriesContext(connection):
        before = versions()
        article.heat = 75
        article.save()
        Article.objects.update(hot=1, title=F("title"))
        ArticleTopic.objects.update(position=3)
        Provider.objects.update(weight=2, name=F("name"))
        assert versions() == before
    Article.objects.update(title="Wind")
    assert versions() != before


@db
def test_a_rolled_back_write_leaves_the_index_alone():
    builders.article("Storm")

    with transaction.atomic():
        Article.objects.update(title="Wind")
        transaction.set_rollback(True)

    assert (titles("storm"), titles("wind")) == (["Storm"], [])


@db
def test_a_very_long_excerpt_is_stored_and_found_by_its_beginning():
    builders.article("Storm", excerpt=" ".join(f"word{number}" for number in range(150_000)))

    assert titles("word1000") == ["Storm"]


@db
def test_a_rebuilt_index_is_the_same():
    builders.article("Storm", topics=["Weather", "Sea"])
    builders.article("Secret", staged=True)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM article_search")
    assert titles("storm") == []

    rebuild(connection)

    assert (titles("storm weather sea courier"), indexed()) == (["Storm"], 1)


@db
def test_no_trigger_is_missing_after_all_migrations():
    assert missing_triggers(connection) == set(), (
        "A migration remade a table and lost its triggers: put articles.search.schema.DropTriggers() before it and "
        "CreateTriggers() after it."
    )


@db
def test_a_lost_trigger_is_missed():
    with connection.cursor() as cursor:
        on = "" if connection.vendor == "sqlite" else " ON articles_topic"
        cursor.execute(f"DROP TRIGGER article_search_topic_update{on}")

    assert missing_triggers(connection) == {"article_search_topic_update"}


@pytest.mark.django_db(transaction=True)
def test_the_index_can_be_taken_away_and_made_again_over_what_is_there():
    builders.article("Storm")

    for operation in (CreateTriggers(), CreateIndex()):
        apply(operation, backwards=True)
    Article.objects.update(title="Wind")
    for operation in (CreateIndex(), CreateTriggers()):
        apply(operation)

    assert (titles("wind"), missing_triggers(connection)) == (["Wind"], set())


@pytest.mark.django_db(transaction=True)
def test_a_table_can_be_remade_between_dropping_and_creating_the_triggers():
    field = models.IntegerField(default=0)
    apply(DropTriggers())
    try:
        apply(migrations.AddField("article", "gusts", field))
        apply(migrations.AddField("article", "gusts", field), backwards=True)
    finally:
        apply(CreateTriggers())

    builders.article("Storm")
    assert (titles("storm"), missing_triggers(connection)) == (["Storm"], set())


def apply(operation, *, backwards=False):
    before = MigrationExecutor(connection).loader.project_state()
    after = before.clone()
    operation.state_forwards("articles", after)
    with connection.schema_editor() as editor:
        if backwards:
            operation.database_backwards("articles", editor, after, before)
        else:
            operation.database_forwards("articles", editor, before, after)


def indexed():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM article_search")
        return cursor.fetchone()[0]


def versions():
    """Return what every write to the index changes."""
    sql = {
        "sqlite": "SELECT block FROM article_search_data ORDER BY id",
        "postgresql": "SELECT xmin, ctid FROM article_search ORDER BY article_id",
    }
    with connection.cursor() as cursor:
        cursor.execute(sql[connection.vendor])
        return cursor.fetchall()


@pytest.mark.django_db
@pytest.mark.parametrize(("sample", "dense"), [(200, 100), (2, 2), (2, 3)])
def test_the_newest_are_the_same_however_they_are_found(monkeypatch, sample, dense):
    """Few or many, dense or sparse: the way differs, what is found doesn't."""
    found = [builders.article(f"Storm number {number}") for number in range(6)]
    builders.article("Bridge")
    for name, value in (("MANY", 3), ("SAMPLE", sample), ("DENSE", dense)):
        monkeypatch.setattr(sqlite, name, value)

    rows = search.matching(Article.objects.all(), "storm", newest=True).newest_first()

    assert list(rows) == found[::-1]


@pytest.mark.django_db
def test_a_word_is_common_once_it_is_not_among_few(monkeypatch):
    for _ in range(3):
        builders.article("Storm")
    monkeypatch.setattr(search, "MANY", 2)

    assert search.has_many_matches("storm")
    assert not search.has_many_matches("bridge")
    assert not search.has_many_matches("-storm")
