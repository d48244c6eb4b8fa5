"""The desk: where editors triage, fold and look back, inside the admin."""
