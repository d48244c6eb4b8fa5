"""Entries of sources to articles, through the text of a document and the import."""
