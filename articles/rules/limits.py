"""Limits on the texts of articles, in characters: imports, forms and tables take them from here."""

TITLE_MAX = 300
TEXT_MAX = 10_000
NAME_MAX = 200  # of an outlet
WORD_MAX = 30  # a type, a category, a kind of picture
TOPIC_MAX = 100
