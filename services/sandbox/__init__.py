"""The sandbox: a Linux box for each conversation, and the only place where the model's commands run."""
