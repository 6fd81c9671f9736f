"""The practice story, as data: who lives in Harbour, what the council published, what people said and will say."""
