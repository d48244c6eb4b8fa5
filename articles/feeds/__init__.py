"""Feeds of the site, of topics, providers and searches: the newest 50 public stories as RSS 2.0, Atom or JSON Feed 1.1.

`entries.py` loads what they contain, `formats.py` writes it, `views.py` has their URLs. `changed.py` finds the feeds
that changed, and `websub.py` notifies a WebSub hub.
"""
