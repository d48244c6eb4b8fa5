"""What a publisher makes of the site: its look, its menu and its own pages."""
