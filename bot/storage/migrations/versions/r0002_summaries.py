"""Turns are found by when they were accepted."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what is new."""
    op.create_index("turn_accepted", "turn", ["accepted_s"])
