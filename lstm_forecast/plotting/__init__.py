"""Pictures. The only folder that imports Matplotlib."""
