"""People, their API tokens, and the one-time links that sign the first person in."""
