"""Vectors of texts, and which engine makes them."""
