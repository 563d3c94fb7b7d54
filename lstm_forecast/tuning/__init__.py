"""A search for a better config: what is tried, trained in processes, and judged on folds."""
