"""Error metrics and the baselines that every forecast is compared with."""
