"""ONNX graphs written from weights."""
