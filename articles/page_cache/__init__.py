"""The page cache, the site version that keys it, and reads from a replica."""
