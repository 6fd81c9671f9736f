"""The list: model, painted rows, view."""
