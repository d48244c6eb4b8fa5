"""How much is taken of a source, and kept of it."""

from datetime import timedelta

REASON_MAX = 300
VALIDATOR_MAX = 500  # of ETag and Last-Modified; longer ones are not used
TIME_ZONE_MAX = 50
SOURCE_URL_MAX = 500  # characters; an index of PostgreSQL can't hold every URL
SOURCES_MAX = 2000
RULES_MAX = 200
RULE_TEXT_MAX = 300  # of a rule as the log names it
TAKE_DEFAULT = 20  # stories of a first fetch
TAKE_AGE = timedelta(hours=48)  # and none older than that
NEW_MAX = 50  # new entries of one fetch; the others are held back
USUAL_FACTOR = 5  # ... unless the source usually has so many
HISTORY_MARGIN = timedelta(hours=24)  # an unknown entry older than the last complete fetch minus this is history
CHANGES_MAX = 24  # of one entry that are looked at
CHANGES_TIME = timedelta(hours=48)  # after its arrival; then only a new title counts
FETCHES_KEPT = timedelta(days=30)
ENTRIES_KEPT = timedelta(days=90)  # after they left the document, if no article came of them
