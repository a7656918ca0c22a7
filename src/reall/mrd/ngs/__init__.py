"""MRD by sequencing of IG/TR rearrangements: clonotypes over time, spike-ins, tracked markers, alerts."""
