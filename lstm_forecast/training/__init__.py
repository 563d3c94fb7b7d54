"""From a prepared panel to a published run."""
