"""What Newsfold follows: feeds and news sitemaps. Imports nothing of articles but rules."""
