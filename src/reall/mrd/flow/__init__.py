"""MRD by flow cytometry: FCS files, declared gates, counts, and the level they amount to.

Nothing here finds blasts by itself: the laboratory draws the gates, the program applies them as drawn.
"""
