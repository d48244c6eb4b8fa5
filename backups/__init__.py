"""One archive of the whole newsroom, and an installation made of it again, on either database.

`archive.py` knows the file, `tables.py` the rows, `media.py` the pictures; `taking.py` and `restoring.py` are what the
commands `backup` and `restore` do.
"""
