"""Keras networks: cells, layers, training, export. The only folder that imports Keras."""
