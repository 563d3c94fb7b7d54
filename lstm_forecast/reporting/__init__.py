"""What a report says of a run: its verdict in words, sections with figures, series one by one."""
