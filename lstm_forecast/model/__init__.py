"""What forecasts: Keras networks, linear parts in NumPy, and ONNX graphs of both."""
