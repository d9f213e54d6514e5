"""The first tables: connections, streams, records, runs, memory."""

import sqlalchemy as sa
from alembic import op

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "connections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source_account", sa.Text(), nullable=True),
        sa.Column("target_account", sa.Text(), nullable=True),
        sa.Column("plan_hash", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "intents",
        sa.Column("n", SERIAL, autoincrement=False, nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("run", SERIAL, nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["connection_id"], ["connections.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("n"),
    )
    op.create_index("ix_intents_connection_id", "intents", ["connection_id"], unique=False)

    op.create_table(
        "memory",
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["connection_id"], ["connections.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("connection_id", "side", "key"),
    )
    op.create_table(
        "records",
        sa.Column("n", SERIAL, autoincrement=True, nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("root", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("crawl", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("write", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("accepted", sa.Text(), nullable=True),
        sa.Column("accepted_fingerprint", sa.Text(), nullable=True),
        sa.Column("target_id", sa.Text(), nullable=True),
        sa.Column("phase", sa.Integer(), nullable=False),
        sa.Column("due", sa.Boolean(), nullable=False),
        sa.Column("after_a", sa.Text(), nullable=True),
        sa.Column("after_b", sa.Text(), nullable=True),
        sa.Column("uncertain", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.Float(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("run", SERIAL, nullable=False),
        sa.Column("written_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["connection_id"], ["connections.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("n"),
    )
    op.create_index("records_by_key", "records", ["connection_id", "key"], unique=True)
    op.create_index(
        "records_by_root",
        "records",
        ["connection_id", "root"],
        unique=False,
        sqlite_where=sa.text("root IS NOT NULL"),
        postgresql_where=sa.text("root IS NOT NULL"),
    )
    op.create_index(
        "records_due",
        "records",
        ["connection_id", "phase", "n"],
        unique=False,
        sqlite_where=sa.text("due"),
        postgresql_where=sa.text("due"),
    )
    op.create_index(
        "records_waiting",
        "records",
        ["connection_id", "customer_id"],
        unique=False,
        sqlite_where=sa.text("code = 'customer_not_sent'"),
        postgresql_where=sa.text("code = 'customer_not_sent'"),
    )

    op.create_table(
        "runs",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["connection_id"], ["connections.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_runs_connection_id", "runs", ["connection_id"], unique=False)

    op.create_table(
        "streams",
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=True),
        sa.Column("crawling", sa.Boolean(), nullable=False),
        sa.Column("crawl", sa.Integer(), nullable=False),
        sa.Column("crawl_began_at", sa.Float(), nullable=True),
        sa.Column("crawled_at", sa.Float(), nullable=True),
        sa.Column("reread_at", sa.Float(), nullable=True),
        sa.Column("needs", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connections.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("connection_id", "stream"),
    )


def downgrade() -> None:
    op.drop_table("streams")

    op.drop_table("runs")

    op.drop_table("records")
    op.drop_table("memory")

    op.drop_table("intents")
    op.drop_table("connections")
