"""Files and frames become tables: formats, dialects, roles of columns, stamps."""
