"""Evaluation: answers to held-out problems, scores with intervals, comparisons, contamination, the report."""
