"""What messages say to do, as it is tried: one module for each room that says it."""
