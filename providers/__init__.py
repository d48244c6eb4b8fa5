"""Outlets and their logos. Articles refer to them; this package does not import articles."""
