"""The unit of work: every editorial write goes through it and is logged; what lists held before and after."""
