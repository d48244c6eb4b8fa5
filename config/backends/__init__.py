"""Storages, caches and other backends that Django loads by name."""
