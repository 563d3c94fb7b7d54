"""Rows that are unlike what was forecast of them."""
