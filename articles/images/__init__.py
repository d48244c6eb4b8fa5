"""Our own copies of pictures: hostile bytes in, files that are safe to show out."""
