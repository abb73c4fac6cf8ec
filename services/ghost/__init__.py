"""The ghost: learns what a person does next, and offers to do it."""
