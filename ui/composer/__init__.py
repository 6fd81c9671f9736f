"""Writing a post: the state without widgets, pictures, previews, and the window around them."""
