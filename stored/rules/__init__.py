"""A user's rules: decided and carried out as mail comes in, proposed, rehearsed, run over old mail."""
