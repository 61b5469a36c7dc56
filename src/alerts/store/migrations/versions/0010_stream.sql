-- The newest standing stories of all institutions, and the newest alerts of a subscriber, by index.
CREATE INDEX ix_story_versions_standing ON story_versions (newest) WHERE until IS NULL;
DROP INDEX ix_alerts_subscriber;
CREATE INDEX ix_alerts_subscriber ON alerts (subscriber, at);
