"""The search index on SQLite: an FTS5 table with a row for each article, under the article's id."""

from __future__ import annotations

from .parts import COVERAGE_CHARACTERS, EXCERPT_CHARACTERS, IS_COVERAGE, TARGET_CHANGED, IndexSchema

HAS_COVERAGE = "SELECT count(*) FROM pragma_table_info('article_search') WHERE name = 'coverage'"
SPLIT = "article_search_split"  # registered for each connection; see apps.py

TOPICS = """coalesce((
        SELECT group_concat(topic.name, ' | ') FROM articles_articletopic AS item
        JOIN articles_topic AS topic ON topic.id = item.tag_id
        WHERE item.content_object_id = {article}
    ), '')"""
COVERAGE = f"""substr(coalesce((
        SELECT group_concat(link.title || ' | ' || outlet.name, ' | ') FROM articles_relatedlink AS link
        JOIN providers_provider AS outlet ON outlet.id = link.provider_id
        LEFT JOIN articles_article AS target ON target.id = link.target_id
        WHERE link.article_id = {{article}} AND {IS_COVERAGE}
    ), ''), 1, {COVERAGE_CHARACTERS})"""

IS_INDEXED = "(SELECT staged IS NULL FROM articles_article WHERE id = {article})"
IS_LISTED = """EXISTS (
    SELECT 1 FROM articles_relatedlink AS link JOIN articles_article AS lead ON lead.id = link.article_id
    WHERE link.target_id = new.id AND lead.staged IS NULL
)"""


def build_schema(*, with_coverage: bool) -> IndexSchema:
    """Return the index; the first one had no coverage and didn't split Chinese, Japanese and Korean text."""

    def split(text: str) -> str:
        return f"{SPLIT}({text})" if with_coverage else text

    coverage_column = ", coverage" if with_coverage else ""
    coverage_value = f",\n        {split(COVERAGE.format(article='article.id'))}" if with_coverage else ""
    insert = f"""INSERT INTO article_search (rowid, title, excerpt, provider, topics{coverage_column})
    SELECT article.id, {split("article.title")}, {split(f"substr(article.excerpt, 1, {EXCERPT_CHARACTERS})")},
        {split("provider.name")}, {split(TOPICS.format(article="article.id"))}{coverage_value}
    FROM articles_article AS article
    JOIN providers_provider AS provider ON provider.id = article.provider_id
    WHERE article.staged IS NULL"""
    topics = split(TOPICS.format(article="article_search.rowid"))
    triggers = _first_triggers(insert, f"UPDATE article_search SET topics = {topics} WHERE rowid", split("new.name"))
    if with_coverage:
        coverage = split(COVERAGE.format(article="article_search.rowid"))
        triggers |= _coverage_triggers(f"UPDATE article_search SET coverage = {coverage} WHERE rowid")
    return IndexSchema(
        MAKE=(
            f"""CREATE VIRTUAL TABLE article_search
    USING fts5 (
        title, excerpt, provider, topics{coverage_column}, tokenize = 'porter unicode61 remove_diacritics 2'
    )""",
        ),
        FILL=(f"{insert} ORDER BY article.id",),
        FINISH=(),
        DROP=("DROP TABLE article_search",),
        TRIGGERS=triggers,
        CREATE_TRIGGERS=tuple(f"CREATE TRIGGER {name} {body}" for name, body in triggers.items()),
        DROP_TRIGGERS=tuple(f"DROP TRIGGER {name}" for name in triggers),
    )


def _first_triggers(insert: str, update_topics: str, new_name: str) -> dict[str, str]:
    """Return the triggers on articles, topics and outlets.

    Conditions stand before the bodies: what changes no words costs a comparison, and what an import brings in, staged,
    doesn't touch the index before it arrives.
    """
    return {
        "article_search_article_insert": f"""AFTER INSERT ON articles_article WHEN new.staged IS NULL BEGIN
    {insert} AND article.id = new.id;
END""",
        "article_search_article_arrival": f"""AFTER UPDATE OF staged ON articles_article
WHEN old.staged IS NOT NULL AND new.staged IS NULL BEGIN
    {insert} AND article.id = new.id;
END""",
        "article_search_article_update": f"""AFTER UPDATE OF title, excerpt, provider_id, staged ON articles_article
WHEN old.staged IS NULL AND (
    old.title IS NOT new.title OR old.excerpt IS NOT new.excerpt OR old.provider_id IS NOT new.provider_id
    OR new.staged IS NOT NULL
) BEGIN
    DELETE FROM article_search WHERE rowid = old.id;
    {insert} AND article.id = new.id;
END""",
        "article_search_article_delete": """AFTER DELETE ON articles_article BEGIN
    DELETE FROM article_search WHERE rowid = old.id;
END""",
        "article_search_item_insert": f"""AFTER INSERT ON articles_articletopic
WHEN {IS_INDEXED.format(article="new.content_object_id")} BEGIN
    {update_topics} = new.content_object_id;
END""",
        "article_search_item_update": f"""AFTER UPDATE OF content_object_id, tag_id ON articles_articletopic
WHEN old.content_object_id IS NOT new.content_object_id OR old.tag_id IS NOT new.tag_id BEGIN
    {update_topics} IN (old.content_object_id, new.content_object_id);
END""",
        "article_search_item_delete": f"""AFTER DELETE ON articles_articletopic BEGIN
    {update_topics} = old.content_object_id;
END""",
        "article_search_topic_update": f"""AFTER UPDATE OF name ON articles_topic WHEN old.name IS NOT new.name BEGIN
    {update_topics} IN (SELECT content_object_id FROM articles_articletopic WHERE tag_id = new.id);
END""",
        "article_search_provider_update": f"""AFTER UPDATE OF name ON providers_provider
WHEN old.name IS NOT new.name BEGIN
    UPDATE article_search SET provider = {new_name}
    WHERE rowid IN (SELECT id FROM articles_article WHERE provider_id = new.id);
END""",
    }


def _coverage_triggers(update: str) -> dict[str, str]:
    """Return the triggers on related links, their outlets and the articles that they lead to."""
    listing = "(SELECT article_id FROM articles_relatedlink WHERE target_id = new.id)"
    return {
        "article_search_link_insert": f"""AFTER INSERT ON articles_relatedlink
WHEN {IS_INDEXED.format(article="new.article_id")} BEGIN
    {update} = new.article_id;
END""",
        "article_search_link_update": f"""AFTER UPDATE OF article_id, title, provider_id, target_id, repeated
ON articles_relatedlink
WHEN ({IS_INDEXED.format(article="old.article_id")} OR {IS_INDEXED.format(article="new.article_id")}) AND (
    old.article_id IS NOT new.article_id OR old.title IS NOT new.title OR old.provider_id IS NOT new.provider_id
    OR old.target_id IS NOT new.target_id OR old.repeated IS NOT new.repeated
) BEGIN
    {update} IN (old.article_id, new.article_id);
END""",
        "article_search_link_delete": f"""AFTER DELETE ON articles_relatedlink BEGIN
    {update} = old.article_id;
END""",
        "article_search_target_update": f"""AFTER UPDATE OF heat, staged, removed, missing ON articles_article
WHEN {TARGET_CHANGED} AND {IS_LISTED} BEGIN
    {update} IN {listing};
END""",
        "article_search_outlet_update": f"""AFTER UPDATE OF name ON providers_provider
WHEN old.name IS NOT new.name BEGIN
    {update} IN (SELECT article_id FROM articles_relatedlink WHERE provider_id = new.id);
END""",
    }


FIRST = build_schema(with_coverage=False)
COVERED = CURRENT = build_schema(with_coverage=True)
VERSIONS = ((HAS_COVERAGE, CURRENT),)
ADD_LANGUAGES = REMOVE_LANGUAGES = ()  # FTS5 stems English only
