"""What a table leaves open, what is settled without a word, and what is asked."""
