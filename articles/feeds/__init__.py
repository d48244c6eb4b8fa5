"""Feeds of the site, of topics, outlets and searches.

`entries.py` says what is in them, `formats.py` how it is written, `views.py` where they are. Every feed holds the
newest 50 public stories of its list, as RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1. `touched.py` knows which have
changed, and `hub.py` tells a WebSub hub.
"""
