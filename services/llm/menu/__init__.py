"""The actions: which there are, which are offered, which a person is asked about, and how one is run."""
