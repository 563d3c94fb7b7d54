"""Tables to windows: read, check, split, scale. NumPy, pandas and scikit-learn; no Keras."""
