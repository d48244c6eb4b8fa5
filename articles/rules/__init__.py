"""Pure decisions: scoring, ranking, clustering, slugs, states and permissions. Imports nothing of the project."""
