"""The search index on PostgreSQL: a table beside the articles with a tsvector each, and a GIN index over it.

No extension is needed, so no superuser. The text search configuration is English without stop words ("WHO" is an
organisation, and both databases then find the same); for other languages see `languages_postgresql.py`.
"""

from __future__ import annotations

from articles.rules.words import EAST_ASIAN

from . import languages_postgresql as languages
from .parts import COVERAGE_CHARACTERS, EXCERPT_CHARACTERS, IS_COVERAGE, TARGET_CHANGED, IndexSchema

HAS_COVERAGE = "SELECT count(*) FROM pg_proc WHERE proname = 'article_search_on_target'"

TEXT_SEARCH = (
    "CREATE TEXT SEARCH DICTIONARY article_search_stem (TEMPLATE = snowball, LANGUAGE = english)",
    "CREATE TEXT SEARCH CONFIGURATION article_search (COPY = pg_catalog.english)",
    "ALTER TEXT SEARCH CONFIGURATION article_search ALTER MAPPING REPLACE english_stem WITH article_search_stem",
)

# Accents go, and with ASCII punctuation the parser's ideas of hosts, paths, tags and signed numbers: words remain.
PLAIN = """CREATE FUNCTION article_search_plain(words text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $function$
    SELECT regexp_replace(
        CASE WHEN octet_length(words) = length(words) THEN words
        ELSE normalize(regexp_replace(normalize(words, NFD), '[\\u0300-\\u036f]', '', 'g'), NFC) END,
        '[\\u0001-\\u002f\\u003a-\\u0040\\u005b-\\u0060\\u007b-\\u007f]+', ' ', 'g'
    )
$function$"""

# Runs of Chinese, Japanese and Korean text as `east_asian.split_runs()` splits them; the text is plain already.
SPLIT = f"""CREATE FUNCTION article_search_split(words text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $function$
    SELECT CASE WHEN words !~ '[{EAST_ASIAN}]' THEN words
    ELSE regexp_replace(
        regexp_replace(
            regexp_replace(words, '(?<![{EAST_ASIAN}])([{EAST_ASIAN}])', ' \\1', 'g'),
            '([{EAST_ASIAN}])(?![{EAST_ASIAN}])', '\\1 ', 'g'
        ),
        '(?<=[{EAST_ASIAN}])([{EAST_ASIAN}])', '\\1 \\1', 'g'
    ) END
$function$"""

# The lexeme | stands between the parts, so that no phrase reaches from one into the next.
FIRST_DOCUMENT = """CREATE FUNCTION article_search_document(title text, excerpt text, provider text, topics text)
RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
    SELECT setweight(to_tsvector('article_search', article_search_plain(title)), 'A')
        || '''|'':1'::tsvector || to_tsvector('article_search', article_search_plain(excerpt))
        || '''|'':1'::tsvector || setweight(to_tsvector('article_search', article_search_plain(provider)), 'B')
        || '''|'':1'::tsvector || setweight(to_tsvector('article_search', article_search_plain(topics)), 'B')
$function$"""
VECTOR = """CREATE FUNCTION article_search_vector(words text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
    SELECT to_tsvector('article_search', article_search_split(article_search_plain(words)))
$function$"""
DOCUMENT = """CREATE FUNCTION article_search_document(
    title text, excerpt text, provider text, topics text, coverage text
) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
    SELECT setweight(article_search_vector(title), 'A')
        || '''|'':1'::tsvector || setweight(article_search_vector(excerpt), 'C')
        || '''|'':1'::tsvector || setweight(article_search_vector(provider), 'B')
        || '''|'':1'::tsvector || setweight(article_search_vector(topics), 'B')
        || '''|'':1'::tsvector || article_search_vector(coverage)
$function$"""

COVERAGE = f""",
            left(coalesce((
                SELECT string_agg(link.title || ' | ' || outlet.name, ' | ') FROM articles_relatedlink AS link
                JOIN providers_provider AS outlet ON outlet.id = link.provider_id
                LEFT JOIN articles_article AS target ON target.id = link.target_id
                WHERE link.article_id = article.id AND {IS_COVERAGE}
            ), ''), {COVERAGE_CHARACTERS})"""


OWN_LANGUAGE = f""" || article_search_own(
            coalesce(article.language, provider.language), article.title, left(article.excerpt, {EXCERPT_CHARACTERS})
        )"""


def build_schema(*, with_coverage: bool, with_languages: bool = False) -> IndexSchema:
    """Return the index; the first one had no coverage and didn't split Chinese, Japanese and Korean text.

    The second one knew no languages but English.
    """
    rows = _rows(COVERAGE if with_coverage else "", OWN_LANGUAGE if with_languages else "")
    functions = _functions(rows)
    triggers = TRIGGERS
    if with_coverage:
        functions = {
            "article_search_plain(text)": PLAIN,
            "article_search_split(text)": SPLIT,
            "article_search_vector(text)": VECTOR,
            "article_search_document(text, text, text, text, text)": DOCUMENT,
            **(languages.FUNCTIONS if with_languages else {}),
            **functions,
            **COVERAGE_FUNCTIONS,
        }
        triggers = TRIGGERS | COVERAGE_TRIGGERS | (LANGUAGE_TRIGGERS if with_languages else {})
    else:
        functions = {
            "article_search_plain(text)": PLAIN,
            "article_search_document(text, text, text, text)": FIRST_DOCUMENT,
            **functions,
        }
    return IndexSchema(
        MAKE=(
            *TEXT_SEARCH,
            *(languages.MAKE if with_languages else ()),
            "CREATE TABLE article_search (article_id bigint PRIMARY KEY, document tsvector NOT NULL)",
            *functions.values(),
        ),
        FILL=(f"INSERT INTO article_search (article_id, document) {rows} ORDER BY article.id",),
        FINISH=FINISH,
        DROP=(
            "DROP TABLE article_search",
            *(f"DROP FUNCTION {signature}" for signature in reversed(functions)),
            *(languages.DROP if with_languages else ()),
            "DROP TEXT SEARCH CONFIGURATION article_search",
            "DROP TEXT SEARCH DICTIONARY article_search_stem",
        ),
        TRIGGERS=triggers,
        CREATE_TRIGGERS=tuple(f"CREATE TRIGGER {name} {body}" for name, body in triggers.items()),
        DROP_TRIGGERS=tuple(f"DROP TRIGGER {name} ON {_table(body)}" for name, body in triggers.items()),
    )


def _table(trigger: str) -> str:
    words = trigger.split()
    return words[words.index("ON") + 1]


def _rows(coverage: str, own_language: str) -> str:
    return f"""SELECT article.id AS article_id, article_search_document(
            article.title, left(article.excerpt, {EXCERPT_CHARACTERS}), provider.name,
            coalesce((
                SELECT string_agg(topic.name, ' | ') FROM articles_articletopic AS item
                JOIN articles_topic AS topic ON topic.id = item.tag_id
                WHERE item.content_object_id = article.id
            ), ''){coverage}
        ){own_language} AS document
        FROM articles_article AS article
        JOIN providers_provider AS provider ON provider.id = article.provider_id
        WHERE article.staged IS NULL"""


def _functions(rows: str) -> dict[str, str]:
    """Return the functions that triggers of both indexes call."""
    # A row is locked before it is computed: the statement that computes it then sees what other writers have committed.
    rewrite = f"""CREATE FUNCTION article_search_rewrite(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $function$
DECLARE indexed bigint[] := ARRAY(
    SELECT article_id FROM article_search WHERE article_id = ANY(ids) ORDER BY article_id FOR UPDATE
);
BEGIN
    IF cardinality(indexed) > 0 THEN
        UPDATE article_search SET document = fresh.document FROM (
        {rows} AND article.id = ANY(indexed)
        ) AS fresh WHERE fresh.article_id = article_search.article_id;
    END IF;
END
$function$"""
    on_article = f"""CREATE FUNCTION article_search_on_article() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM article_search WHERE article_id = OLD.id;
    ELSIF NEW.staged IS NOT NULL THEN
        DELETE FROM article_search WHERE article_id = NEW.id;
    ELSIF TG_OP = 'INSERT' OR OLD.staged IS NOT NULL THEN
        INSERT INTO article_search (article_id, document)
        {rows} AND article.id = NEW.id;
    ELSE
        PERFORM article_search_rewrite(ARRAY[NEW.id]);
    END IF;
    RETURN NULL;
END
$function$"""
    return {
        "article_search_rewrite(bigint[])": rewrite,
        "article_search_on_article()": on_article,
        **LIST_FUNCTIONS,
    }


def _rewriting(**articles: str) -> dict[str, str]:
    """Return the functions of triggers that write the rows of some articles again, by signature.

    `articles` are their ids, as what follows ARRAY, by the end of the function's name.
    """
    return {
        f"article_search_on_{name}()": f"""CREATE FUNCTION article_search_on_{name}() RETURNS trigger
LANGUAGE plpgsql AS $function$
BEGIN
    PERFORM article_search_rewrite(ARRAY{ids});
    RETURN NULL;
END
$function$"""
        for name, ids in articles.items()
    }


LIST_FUNCTIONS = {
    "article_search_on_truncate()": """CREATE FUNCTION article_search_on_truncate() RETURNS trigger
LANGUAGE plpgsql AS $function$
BEGIN
    TRUNCATE article_search;
    RETURN NULL;
END
$function$""",
    **_rewriting(
        list="(SELECT DISTINCT content_object_id FROM changed)",
        item="[OLD.content_object_id, NEW.content_object_id]",
        topic="(SELECT content_object_id FROM articles_articletopic WHERE tag_id = NEW.id)",
        provider="(SELECT id FROM articles_article WHERE provider_id = NEW.id)",
    ),
}

TRIGGERS = {
    "article_search_article_insert": """AFTER INSERT ON articles_article
FOR EACH ROW WHEN (NEW.staged IS NULL) EXECUTE FUNCTION article_search_on_article()""",
    "article_search_article_update": """AFTER UPDATE OF title, excerpt, provider_id, staged ON articles_article
FOR EACH ROW WHEN (
    OLD.title IS DISTINCT FROM NEW.title OR OLD.excerpt IS DISTINCT FROM NEW.excerpt
    OR OLD.provider_id IS DISTINCT FROM NEW.provider_id OR (OLD.staged IS NULL) IS DISTINCT FROM (NEW.staged IS NULL)
) EXECUTE FUNCTION article_search_on_article()""",
    "article_search_article_delete": """AFTER DELETE ON articles_article
FOR EACH ROW EXECUTE FUNCTION article_search_on_article()""",
    "article_search_article_truncate": """AFTER TRUNCATE ON articles_article
FOR EACH STATEMENT EXECUTE FUNCTION article_search_on_truncate()""",
    "article_search_item_insert": """AFTER INSERT ON articles_articletopic REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION article_search_on_list()""",
    "article_search_item_update": """AFTER UPDATE OF content_object_id, tag_id ON articles_articletopic
FOR EACH ROW WHEN ((OLD.content_object_id, OLD.tag_id) IS DISTINCT FROM (NEW.content_object_id, NEW.tag_id))
EXECUTE FUNCTION article_search_on_item()""",
    "article_search_item_delete": """AFTER DELETE ON articles_articletopic REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION article_search_on_list()""",
    "article_search_topic_update": """AFTER UPDATE OF name ON articles_topic
FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION article_search_on_topic()""",
    "article_search_provider_update": """AFTER UPDATE OF name ON providers_provider
FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION article_search_on_provider()""",
}

COVERAGE_FUNCTIONS = _rewriting(
    links="(SELECT DISTINCT article_id FROM changed)",
    link="[OLD.article_id, NEW.article_id]",
    target="(SELECT article_id FROM articles_relatedlink WHERE target_id = NEW.id)",
    outlet="(SELECT article_id FROM articles_relatedlink WHERE provider_id = NEW.id)",
)

COVERAGE_TRIGGERS = {
    "article_search_link_insert": """AFTER INSERT ON articles_relatedlink REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION article_search_on_links()""",
    "article_search_link_update": """AFTER UPDATE OF article_id, title, provider_id, target_id, repeated
ON articles_relatedlink
FOR EACH ROW WHEN ((OLD.article_id, OLD.title, OLD.provider_id, OLD.target_id, OLD.repeated)
    IS DISTINCT FROM (NEW.article_id, NEW.title, NEW.provider_id, NEW.target_id, NEW.repeated)
) EXECUTE FUNCTION article_search_on_link()""",
    "article_search_link_delete": """AFTER DELETE ON articles_relatedlink REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION article_search_on_links()""",
    "article_search_target_update": f"""AFTER UPDATE OF heat, staged, removed, missing ON articles_article
FOR EACH ROW WHEN ({TARGET_CHANGED}) EXECUTE FUNCTION article_search_on_target()""",
    "article_search_outlet_update": """AFTER UPDATE OF name ON providers_provider
FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION article_search_on_outlet()""",
}

# Every search reads the list of rows that GIN has yet to sort in, so that list stays short (kB).
FINISH = (
    "CREATE INDEX article_search_document ON article_search USING gin (document) WITH (gin_pending_list_limit = 256)",
    "ANALYZE article_search",
)

# In place of those of the same names.
LANGUAGE_TRIGGERS = {
    "article_search_article_update": """AFTER UPDATE OF title, excerpt, provider_id, language, staged
ON articles_article
FOR EACH ROW WHEN (
    OLD.title IS DISTINCT FROM NEW.title OR OLD.excerpt IS DISTINCT FROM NEW.excerpt
    OR OLD.language IS DISTINCT FROM NEW.language
    OR OLD.provider_id IS DISTINCT FROM NEW.provider_id OR (OLD.staged IS NULL) IS DISTINCT FROM (NEW.staged IS NULL)
) EXECUTE FUNCTION article_search_on_article()""",
    "article_search_provider_update": """AFTER UPDATE OF name, language ON providers_provider
FOR EACH ROW WHEN ((OLD.name, OLD.language) IS DISTINCT FROM (NEW.name, NEW.language))
EXECUTE FUNCTION article_search_on_provider()""",
}

FIRST = build_schema(with_coverage=False)
COVERED = build_schema(with_coverage=True)
CURRENT = build_schema(with_coverage=True, with_languages=True)
VERSIONS = ((languages.INSTALLED, CURRENT), (HAS_COVERAGE, COVERED))

_REWRITING = ("article_search_rewrite(bigint[])", "article_search_on_article()")


def _replace_functions(*, with_languages: bool) -> tuple[str, ...]:
    """Return the statements by which rows are written with or without their own languages from now on."""
    functions = _functions(_rows(COVERAGE, OWN_LANGUAGE if with_languages else ""))
    return tuple(functions[name].replace("CREATE ", "CREATE OR REPLACE ", 1) for name in _REWRITING)


# From the second index to the current one and back, without building it again: only rows with a language change.
ADD_LANGUAGES = (
    *COVERED.DROP_TRIGGERS,
    *languages.MAKE,
    *languages.FUNCTIONS.values(),
    *_replace_functions(with_languages=True),
    *CURRENT.CREATE_TRIGGERS,
    languages.REWRITE,
)
REMOVE_LANGUAGES = (
    *CURRENT.DROP_TRIGGERS,
    *_replace_functions(with_languages=False),
    *COVERED.CREATE_TRIGGERS,
    languages.REWRITE,
    *(f"DROP FUNCTION {signature}" for signature in reversed(languages.FUNCTIONS)),
    *languages.DROP,
)
