"""Keep the words of each part of a reply, to go on behind them after a crash."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; parts that were noted before have no words."""
    column = sa.Column("text", sa.Text, nullable=False, server_default="")
    op.add_column("reply_message", column)
