"""The YAML config: its schema, and loading it with errors that point at the line."""
