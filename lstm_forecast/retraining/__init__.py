"""Whether a retraining is due, its challenger, the judgement and the status."""
