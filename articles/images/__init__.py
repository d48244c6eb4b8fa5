"""Our own copies of pictures: which are fetched when, how they are stored, and when they are deleted."""
