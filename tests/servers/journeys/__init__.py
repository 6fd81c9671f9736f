"""What the journeys stand on: an inbox at a real blog, time that a test moves, and what the server really holds."""
