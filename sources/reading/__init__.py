"""Bytes of a feed to entries as they would be taken. Nothing here requests anything.

`reader.py` runs all of it in a child process with limits. Inside, `documents.py` recognizes the format, `feeds.py`,
`json_feed.py` and `news_sitemap.py` read what the document says, and `entries.py` applies the rules for each value.
"""
