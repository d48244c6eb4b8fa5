"""Sitemaps (sitemaps.org, 0.9): an index of sections, one for each month that has stories, and one of the last days.

Django's framework counts everything and pages by offset, and tells days instead of times; `sections.py` doesn't.
"""
