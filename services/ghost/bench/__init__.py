"""Measuring the ghost: made-up use, and how well what it offers fits what comes."""
