-- What the alerts of one decision hold in a row that they share.
CREATE TABLE decisions (
    id TEXT NOT NULL,
    detail TEXT NOT NULL,
    CONSTRAINT pk_decisions PRIMARY KEY (id)
);

ALTER TABLE alerts ADD COLUMN decision TEXT NOT NULL DEFAULT '';

UPDATE alerts SET decision = alike.first
FROM (SELECT id, MIN(id) OVER (PARTITION BY institution, at, detail) AS first FROM alerts) alike
WHERE alike.id = alerts.id;

INSERT INTO decisions (id, detail)
SELECT id, detail FROM alerts WHERE decision = id;

{sqlite}DROP VIEW v1_alerts;

CREATE {or_replace}VIEW v1_alerts AS
SELECT alerts.id AS alert, {time:alerts.at} AS at, alerts.institution, alerts.subscriber, alerts.channel,
    alerts."on" AS kind, {json:decisions.detail level} AS level, alerts.state, alerts.reason,
    {json:decisions.detail story} AS story, {json:decisions.detail lead.title} AS title, alerts.transition
FROM alerts
JOIN decisions ON decisions.id = alerts.decision;

ALTER TABLE alerts DROP COLUMN detail;
