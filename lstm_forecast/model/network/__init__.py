"""The Keras network: the only folder that imports Keras."""
