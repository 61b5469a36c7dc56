-- Polls without a result, staleness; what the program itself does in this migration is in sources.py.
ALTER TABLE sources ADD COLUMN lost_leases INTEGER NOT NULL DEFAULT 0;
{postgresql}ALTER TABLE sources ALTER COLUMN lost_leases DROP DEFAULT;
ALTER TABLE sources ADD COLUMN stale_at BIGINT;
-- They say when a host may be asked again, for a second.
DELETE FROM hosts;
DELETE FROM facts WHERE name LIKE 'websub/%';
