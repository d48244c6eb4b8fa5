"""Whole responses kept for readers, the site version they are kept under, and which database they are made from."""
