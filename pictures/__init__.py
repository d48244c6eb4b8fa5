"""Foreign pictures made harmless: what articles and outlets share. Knows neither of them, nor Django."""
