"""Rotary position embedding: queries and keys turn by their position."""

OPERATIONS = ("rope_tables", "rope")
