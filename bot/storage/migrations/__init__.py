"""The steps that bring an older database up to `tables`, run by Alembic."""
