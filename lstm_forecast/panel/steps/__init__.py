"""The steps of time that every series lies on: found, counted, closed."""
