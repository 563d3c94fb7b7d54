"""Ridge, smoothing and combinations of simple forecasts, in NumPy."""
