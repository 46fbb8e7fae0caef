"""Sound made ready for recognition: noise removal, vocal isolation, filters, loudness."""
