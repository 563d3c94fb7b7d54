"""Time stamps in any spelling, found and read."""
