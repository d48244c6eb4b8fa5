"""Back up the whole site into one archive, and restore it on either database.

`archive.py` knows the file, `tables.py` the rows, `media.py` the pictures; `create.py` and `restore.py` implement the
commands `backup` and `restore`.
"""
