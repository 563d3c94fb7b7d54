"""Published networks run by ONNX Runtime, without Keras."""
