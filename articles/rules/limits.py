"""How much a value may hold: imports, forms, the desk and tables take their limits from here.

Lengths are in characters. `values.py` checks values against them.
"""

FILE_SIZE_MAX = 1_000_000  # bytes of a document; the largest real one has 79,500
TITLE_MAX = 300
TEXT_MAX = 10_000
BODY_MAX = 100_000  # text below the front matter, which real documents don't have
URL_MAX = 2048
NAME_MAX = 200  # of an outlet
CATEGORY_MAX = 50
WORD_MAX = 30  # a type, a kind of picture
TOPIC_MAX = 100
LANGUAGE_MAX = 35  # as RFC 5646, 4.4.1 recommends
COUNTRY_MAX = 2
FILE_NAME_MAX = 200
REASON_MAX = 300  # why an editor did something
NOTE_MAX = 2000  # what the newsroom notes about a story

# Items of a list; real ones have at most 5 names, 1 picture and 73 related links.
NAMES_MAX = 100
PICTURES_MAX = 50
RELATED_MAX = 500

PIXELS_MAX = 1_000_000  # one side of a picture
POINTS_MAX = 1000  # that one term adds to a suggested quality, or takes from it
RELATED_BONUS_MAX = 1000  # a hundred times what newsrooms of this format give
SMALL_MAX = WINDOW_DAYS_MAX = LATE_DAYS_MAX = 32_767  # what a small number of PostgreSQL holds
YEAR_MIN, YEAR_MAX = 1900, 2199
