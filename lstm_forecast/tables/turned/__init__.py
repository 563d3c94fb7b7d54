"""Tables that are turned round: a row for each series, or finer parts of a stamp in the header."""
