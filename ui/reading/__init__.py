"""One conversation: context, messages, what is on its way, and the reply."""
