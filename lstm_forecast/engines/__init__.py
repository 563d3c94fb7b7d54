"""Where the parts of a work are done: in this process, or by workers of Ray."""
