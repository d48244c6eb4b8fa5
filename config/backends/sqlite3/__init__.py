"""Django's SQLite backend, with a database file that only its owner may read."""
