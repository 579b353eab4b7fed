"""The audit trail of moderation stays as it was written."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION rooms_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation',
              HINT = 'Record a further action.';
END $$;

CREATE TRIGGER rooms_moderationaction_append_only BEFORE UPDATE OR DELETE ON rooms_moderationaction
    FOR EACH ROW EXECUTE FUNCTION rooms_refuse_change();
"""

BACKWARD = """
DROP TRIGGER rooms_moderationaction_append_only ON rooms_moderationaction;
DROP FUNCTION rooms_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("rooms", "0005_moderation")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
