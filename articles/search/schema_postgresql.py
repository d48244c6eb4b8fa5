"""The search index on PostgreSQL: a table beside the articles with a tsvector each, and a GIN index over it.

No extension is needed, so no superuser. The text search configuration is English without stop words ("WHO" is an
organisation, and both databases then find the same).
"""

# Beyond this a tsvector may not fit (1 MB); longer excerpts are cut.
EXCERPT_CHARACTERS = 20_000

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

# The lexeme | stands between the parts, so that no phrase reaches from one into the next.
DOCUMENT = """CREATE FUNCTION article_search_document(title text, excerpt text, provider text, topics text)
RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
    SELECT setweight(to_tsvector('article_search', article_search_plain(title)), 'A')
        || '''|'':1'::tsvector || to_tsvector('article_search', article_search_plain(excerpt))
        || '''|'':1'::tsvector || setweight(to_tsvector('article_search', article_search_plain(provider)), 'B')
        || '''|'':1'::tsvector || setweight(to_tsvector('article_search', article_search_plain(topics)), 'B')
$function$"""

ROWS = f"""SELECT article.id AS article_id, article_search_document(
            article.title, left(article.excerpt, {EXCERPT_CHARACTERS}), provider.name,
            coalesce((
                SELECT string_agg(topic.name, ' | ') FROM articles_articletopic AS item
                JOIN articles_topic AS topic ON topic.id = item.tag_id
                WHERE item.content_object_id = article.id
            ), '')
        ) AS document
        FROM articles_article AS article
        JOIN providers_provider AS provider ON provider.id = article.provider_id
        WHERE article.staged IS NULL"""

# A row is locked before it is computed: the statement that computes it then sees what other writers have committed.
REWRITE = f"""CREATE FUNCTION article_search_rewrite(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $function$
DECLARE indexed bigint[] := ARRAY(
    SELECT article_id FROM article_search WHERE article_id = ANY(ids) ORDER BY article_id FOR UPDATE
);
BEGIN
    IF cardinality(indexed) > 0 THEN
        UPDATE article_search SET document = fresh.document FROM (
        {ROWS} AND article.id = ANY(indexed)
        ) AS fresh WHERE fresh.article_id = article_search.article_id;
    END IF;
END
$function$"""

ON_ARTICLE = f"""CREATE FUNCTION article_search_on_article() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM article_search WHERE article_id = OLD.id;
    ELSIF NEW.staged IS NOT NULL THEN
        DELETE FROM article_search WHERE article_id = NEW.id;
    ELSIF TG_OP = 'INSERT' OR OLD.staged IS NOT NULL THEN
        INSERT INTO article_search (article_id, document)
        {ROWS} AND article.id = NEW.id;
    ELSE
        PERFORM article_search_rewrite(ARRAY[NEW.id]);
    END IF;
    RETURN NULL;
END
$function$"""

FUNCTIONS = {
    "article_search_plain(text)": PLAIN,
    "article_search_document(text, text, text, text)": DOCUMENT,
    "article_search_rewrite(bigint[])": REWRITE,
    "article_search_on_article()": ON_ARTICLE,
    "article_search_on_truncate()": """CREATE FUNCTION article_search_on_truncate() RETURNS trigger
LANGUAGE plpgsql AS $function$
BEGIN
    TRUNCATE article_search;
    RETURN NULL;
END
$function$""",
    "article_search_on_list()": """CREATE FUNCTION article_search_on_list() RETURNS trigger
LANGUAGE plpgsql AS $function$
BEGIN
    PERFORM article_search_rewrite(ARRAY(SELECT DISTINCT content_object_id FROM changed));
    RETURN NULL;
END
$function$""",
    "article_search_on_item()": """CREATE FUNCTION article_search_on_item() RETURNS trigger
LANGUAGE plpgsql AS $function$
BEGIN
    PERFORM article_search_rewrite(ARRAY[OLD.content_object_id, NEW.content_object_id]);
    RETURN NULL;
END
$function$""",
    "article_search_on_topic()": """CREATE FUNCTION article_search_on_topic() RETURNS trigger
LANGUAGE plpgsql AS $function$
BEGIN
    PERFORM article_search_rewrite(
        ARRAY(SELECT content_object_id FROM articles_articletopic WHERE tag_id = NEW.id)
    );
    RETURN NULL;
END
$function$""",
    "article_search_on_provider()": """CREATE FUNCTION article_search_on_provider() RETURNS trigger
LANGUAGE plpgsql AS $function$
BEGIN
    PERFORM article_search_rewrite(ARRAY(SELECT id FROM articles_article WHERE provider_id = NEW.id));
    RETURN NULL;
END
$function$""",
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

MAKE = (
    *TEXT_SEARCH,
    "CREATE TABLE article_search (article_id bigint PRIMARY KEY, document tsvector NOT NULL)",
    *FUNCTIONS.values(),
)
FILL = (f"INSERT INTO article_search (article_id, document) {ROWS} ORDER BY article.id",)
# Every search reads the list of rows that GIN has yet to sort in, so that list stays short (kB).
FINISH = (
    "CREATE INDEX article_search_document ON article_search USING gin (document) WITH (gin_pending_list_limit = 256)",
    "ANALYZE article_search",
)
DROP = (
    "DROP TABLE article_search",
    *(f"DROP FUNCTION {signature}" for signature in reversed(FUNCTIONS)),
    "DROP TEXT SEARCH CONFIGURATION article_search",
    "DROP TEXT SEARCH DICTIONARY article_search_stem",
)
CREATE_TRIGGERS = tuple(f"CREATE TRIGGER {name} {body}" for name, body in TRIGGERS.items())
DROP_TRIGGERS = tuple(f"DROP TRIGGER {name} ON {body.split(' ON ')[1].split()[0]}" for name, body in TRIGGERS.items())
SELECT_TRIGGERS = """SELECT tgname FROM pg_trigger
    WHERE NOT tgisinternal AND tgenabled = 'O' AND tgrelid::regclass::text IN (
        'articles_article', 'articles_articletopic', 'articles_topic', 'providers_provider'
    )"""
