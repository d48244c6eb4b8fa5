"""Foreign pictures made harmless: what articles and outlets share. Knows neither of them.

Of Django it knows the storage (`files.py`) and how a form refuses (`uploads.py`); all else does without.
"""
