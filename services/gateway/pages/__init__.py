"""What a browser opens and posts: one file a page, and what pages are made of."""
