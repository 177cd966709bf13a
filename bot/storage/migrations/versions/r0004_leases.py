"""Turns with an owner, a lease, and what came of them; opinions; shared paces."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the columns and the tables; what is stored stays as it is."""
    _add_columns()
    _create_indexes()
    op.create_index("reply_message_message", "reply_message", ["message"])
    _create_tables()


def _add_columns() -> None:
    for name in ("owner", "demand", "cut", "error"):
        is_known = name != "owner"
        op.add_column(
            "turn",
            sa.Column(
                name,
                sa.Text,
                nullable=not is_known,
                server_default="" if is_known else None,
            ),
        )
    op.add_column("turn", sa.Column("lease_until_s", sa.Float))
    counts = {
        "interruptions": "0",
        "since_attempt": "1",
        "prompt_tokens": "0",
        "answer_tokens": "0",
    }
    for name, default in counts.items():
        op.add_column(
            "turn",
            sa.Column(name, sa.Integer, nullable=False, server_default=default),
        )
    op.add_column(
        "turn",
        sa.Column("is_queued", sa.Boolean, nullable=False, server_default=sa.false()),
    )


def _create_tables() -> None:
    op.create_table(
        "feedback",
        sa.Column(
            "turn",
            sa.Text,
            sa.ForeignKey("turn.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("given_s", sa.Float, nullable=False),
        sa.CheckConstraint("value in ('good', 'bad')", name="value"),
    )
    op.create_table(
        "pace",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("due_s", sa.Float, nullable=False),
        sa.Column("held_until_s", sa.Float, nullable=False, server_default="0"),
    )


def _create_indexes() -> None:
    tokens = ["ended_s", "prompt_tokens", "answer_tokens"]
    op.drop_index("turn_waiting", "turn")
    op.create_index("turn_of_thread", "turn", ["thread", "position"])
    is_open = "state IN ('waiting', 'running')"
    indexes = {
        "turn_open": (["thread", "state", "position"], is_open),
        "turn_open_of_person": (["speaker"], is_open),
        "turn_spent": (tokens, "ended_s IS NOT NULL"),
        "turn_spent_by_person": (["speaker", *tokens], "ended_s IS NOT NULL"),
        "turn_failed": (["ended_s"], "state = 'failed'"),
    }
    for name, (columns, condition) in indexes.items():
        where = sa.text(condition)
        op.create_index(
            name, "turn", columns, sqlite_where=where, postgresql_where=where
        )
