"""Formats of dates and times by language, where we write them in another way than Django does (FORMAT_MODULE_PATH)."""
