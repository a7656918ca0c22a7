"""SMART App Launch 2: a record system opens ReALL for one patient and lends it the right to read."""
