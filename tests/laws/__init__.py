"""Laws: what is written in any style is read back equal, asked about, or refused with a place."""
