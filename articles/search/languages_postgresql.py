"""Stems of other languages than English on PostgreSQL.

All text is indexed with English stems. The title and excerpt of an article in one of these languages are indexed again
with the stems of its own, and a query looks for the stems of each language that articles or outlets have. So what is
found without a language is found with one, and the index of an English site doesn't grow.
"""

from __future__ import annotations

STEMMERS = {
    "ar": "arabic",
    "ca": "catalan",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
SAME_STEMS = {"nb": "no", "nn": "no"}

# The text search configurations, without stop words as the English one.
MAKE = tuple(
    statement
    for language, stemmer in STEMMERS.items()
    for statement in (
        f"CREATE TEXT SEARCH DICTIONARY article_search_stem_{language} (TEMPLATE = snowball, LANGUAGE = {stemmer})",
        f"CREATE TEXT SEARCH CONFIGURATION article_search_{language} (COPY = pg_catalog.{stemmer})",
        f"ALTER TEXT SEARCH CONFIGURATION article_search_{language} "
        f"ALTER MAPPING REPLACE {stemmer}_stem WITH article_search_stem_{language}",
    )
)
DROP = tuple(
    statement
    for language in STEMMERS
    for statement in (
        f"DROP TEXT SEARCH CONFIGURATION article_search_{language}",
        f"DROP TEXT SEARCH DICTIONARY article_search_stem_{language}",
    )
)
_CASES = "\n".join(
    f"        WHEN '{tag}' THEN article_search_in('article_search_{SAME_STEMS.get(tag, tag)}', title, excerpt)"
    for tag in (*STEMMERS, *SAME_STEMS)
)
FUNCTIONS = {
    "article_search_in(regconfig, text, text)": """CREATE FUNCTION article_search_in(
    configuration regconfig, title text, excerpt text
) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
    SELECT '''|'':1'::tsvector || setweight(to_tsvector(configuration, article_search_plain(title)), 'A')
        || '''|'':1'::tsvector || setweight(to_tsvector(configuration, article_search_plain(excerpt)), 'C')
$function$""",
    "article_search_own(text, text, text)": f"""CREATE FUNCTION article_search_own(
    language text, title text, excerpt text
) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
    SELECT CASE split_part(lower(language), '-', 1)
{_CASES}
        ELSE '' END
$function$""",
}
INSTALLED = "SELECT count(*) FROM pg_proc WHERE proname = 'article_search_own'"
IN_USE = """SELECT DISTINCT split_part(lower(language), '-', 1) FROM (
    SELECT DISTINCT language FROM articles_article WHERE language IS NOT NULL
    UNION SELECT DISTINCT language FROM providers_provider WHERE language IS NOT NULL
) AS stated"""
# Rows whose text is stemmed in its own language, to write them again.
REWRITE = """SELECT article_search_rewrite(ARRAY(
    SELECT article.id FROM articles_article AS article
    JOIN providers_provider AS provider ON provider.id = article.provider_id
    WHERE coalesce(article.language, provider.language) IS NOT NULL
))"""


def configurations(languages: list[str]) -> tuple[str, ...]:
    """Return the text search configurations of these languages, beside the English one."""
    known = {SAME_STEMS.get(language, language) for language in languages}
    return tuple(f"article_search_{language}" for language in sorted(known & STEMMERS.keys()))
