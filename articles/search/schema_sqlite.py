"""The search index on SQLite: an FTS5 table with a row for each article, under the article's id."""

# Longer excerpts are no excerpts; one article may not fill the index.
EXCERPT_CHARACTERS = 20_000

TOPICS = """coalesce((
        SELECT group_concat(topic.name, ' | ') FROM articles_articletopic AS item
        JOIN articles_topic AS topic ON topic.id = item.tag_id
        WHERE item.content_object_id = {article}
    ), '')"""

INSERT = f"""INSERT INTO article_search (rowid, title, excerpt, provider, topics)
    SELECT article.id, article.title, substr(article.excerpt, 1, {EXCERPT_CHARACTERS}), provider.name,
        {TOPICS.format(article="article.id")}
    FROM articles_article AS article
    JOIN providers_provider AS provider ON provider.id = article.provider_id
    WHERE article.staged IS NULL"""

UPDATE_TOPICS = f"UPDATE article_search SET topics = {TOPICS.format(article='article_search.rowid')} WHERE rowid"

MAKE = (
    """CREATE VIRTUAL TABLE article_search
    USING fts5 (title, excerpt, provider, topics, tokenize = 'porter unicode61 remove_diacritics 2')""",
)
FILL = (f"{INSERT} ORDER BY article.id",)
FINISH = ()
DROP = ("DROP TABLE article_search",)

# Conditions stand before the bodies: what changes no words costs a comparison, and what an import brings in, staged,
# doesn't touch the index before it arrives.
TRIGGERS = {
    "article_search_article_insert": f"""AFTER INSERT ON articles_article WHEN new.staged IS NULL BEGIN
    {INSERT} AND article.id = new.id;
END""",
    "article_search_article_arrival": f"""AFTER UPDATE OF staged ON articles_article
WHEN old.staged IS NOT NULL AND new.staged IS NULL BEGIN
    {INSERT} AND article.id = new.id;
END""",
    "article_search_article_update": f"""AFTER UPDATE OF title, excerpt, provider_id, staged ON articles_article
WHEN old.staged IS NULL AND (
    old.title IS NOT new.title OR old.excerpt IS NOT new.excerpt OR old.provider_id IS NOT new.provider_id
    OR new.staged IS NOT NULL
) BEGIN
    DELETE FROM article_search WHERE rowid = old.id;
    {INSERT} AND article.id = new.id;
END""",
    "article_search_article_delete": """AFTER DELETE ON articles_article BEGIN
    DELETE FROM article_search WHERE rowid = old.id;
END""",
    "article_search_item_insert": f"""AFTER INSERT ON articles_articletopic
WHEN (SELECT staged IS NULL FROM articles_article WHERE id = new.content_object_id) BEGIN
    {UPDATE_TOPICS} = new.content_object_id;
END""",
    "article_search_item_update": f"""AFTER UPDATE OF content_object_id, tag_id ON articles_articletopic
WHEN old.content_object_id IS NOT new.content_object_id OR old.tag_id IS NOT new.tag_id BEGIN
    {UPDATE_TOPICS} IN (old.content_object_id, new.content_object_id);
END""",
    "article_search_item_delete": f"""AFTER DELETE ON articles_articletopic BEGIN
    {UPDATE_TOPICS} = old.content_object_id;
END""",
    "article_search_topic_update": f"""AFTER UPDATE OF name ON articles_topic WHEN old.name IS NOT new.name BEGIN
    {UPDATE_TOPICS} IN (SELECT content_object_id FROM articles_articletopic WHERE tag_id = new.id);
END""",
    "article_search_provider_update": """AFTER UPDATE OF name ON providers_provider WHEN old.name IS NOT new.name BEGIN
    UPDATE article_search SET provider = new.name
    WHERE rowid IN (SELECT id FROM articles_article WHERE provider_id = new.id);
END""",
}
CREATE_TRIGGERS = tuple(f"CREATE TRIGGER {name} {body}" for name, body in TRIGGERS.items())
DROP_TRIGGERS = tuple(f"DROP TRIGGER {name}" for name in TRIGGERS)
SELECT_TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
