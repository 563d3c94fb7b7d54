"""The pretrained network: generated series, what it sees of a series, and its shipped weights."""
