"""The account and what it answers, without HTTP; `adapter` and `server` are the doors to it."""
