"""What the journeys stand on: a whole inbox at a real blog, time that a test moves, and what the server really holds."""
