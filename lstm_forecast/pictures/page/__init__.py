"""The report of a run: one page that needs nothing else, a document to print, or text."""
