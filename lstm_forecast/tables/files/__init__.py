"""Files of every format, unpacked and read as they stand."""
