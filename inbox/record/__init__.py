"""What is made from the inbox for others: exports. The record itself, the hash-chained log, is ``store/record.py``."""
