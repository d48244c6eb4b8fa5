"""Make pictures from other sites safe to show. Used by articles and providers, and imports neither.

Only `files.py` (storage) and `uploads.py` (form errors) import Django.
"""
