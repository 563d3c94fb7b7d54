"""The Python interface: what the command line calls, for frames as well as files, in silence."""
