"""One module per subcommand: the only place where the parts meet."""
