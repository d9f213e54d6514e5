"""What safe writing needs: who may run a connection, who is excluded, which attempt an intent is, what has lapsed."""

import sqlalchemy as sa
from alembic import op

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "leases",
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("fence", SERIAL, nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.Column("stop_asked", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connections.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("connection_id"),
    )
    op.create_table(
        "exclusions",
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("added_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connections.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("connection_id", "customer_id"),
    )
    op.add_column("intents", sa.Column("attempt", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("intents", sa.Column("fence", SERIAL, nullable=False, server_default="0"))
    op.add_column("records", sa.Column("lapsed", sa.Boolean(), nullable=False, server_default=sa.false()))
    lapsed = sa.text("lapsed")
    op.create_index("records_lapsed", "records", ["connection_id"], sqlite_where=lapsed, postgresql_where=lapsed)


def downgrade() -> None:
    op.drop_index("records_lapsed", "records")
    op.drop_column("records", "lapsed")
    op.drop_column("intents", "fence")
    op.drop_column("intents", "attempt")
    op.drop_table("exclusions")
    op.drop_table("leases")
