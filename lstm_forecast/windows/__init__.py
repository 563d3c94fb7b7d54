"""Windows: how they are cut and normalised, which channels are what, and batches of them."""
