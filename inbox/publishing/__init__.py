"""Publishing: what a channel will show (render) and its way there, never twice and never silently (outbox)."""
