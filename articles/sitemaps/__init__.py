"""Sitemaps (sitemaps.org, 0.9): an index of sections, the stories of each, the lists, and the news of the last days.

Django's framework pages by offset and knows only days instead of times, so `sections.py` has its own queries.
"""
