"""Teaching: a network learns to tell a user's own pictures apart, and dreams of them."""
