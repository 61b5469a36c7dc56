-- Read-only views that stay the same between versions.
CREATE VIEW v1_sources AS
SELECT id AS source, active, {time:last_poll_at} AS last_poll_at, {time:last_success_at} AS last_success_at,
    {time:next_poll_at} AS next_poll_at, error_streak AS failures, {time:stale_at} AS stale_at
FROM sources;

CREATE VIEW v1_items AS
SELECT items.id AS item, items.source, items.title, items.link, {time:items.published} AS published_at,
    {time:items.first_observed} AS first_observed_at, {time:items.last_changed} AS last_changed_at, items.withdrawn
FROM items;

CREATE VIEW v1_reports AS
SELECT findings.institution, findings.item, memberships.story, findings.source, findings.publisher, findings.title,
    findings.url AS link, {time:findings.published} AS published_at, {time:findings.observed} AS observed_at,
    findings.salience
FROM findings
LEFT JOIN memberships ON memberships.institution = findings.institution AND memberships.item = findings.item;

CREATE VIEW v1_stories AS
SELECT id AS story, institution, title, {time:first} AS first_at, {time:newest} AS newest_at, confidence, grade, mix,
    salience, reports, publishers, topics, merged_into
FROM stories;

CREATE VIEW v1_transitions AS
SELECT id AS transition, {time:at} AS at, institution, axis, from_level, to_level, score, cause
FROM transitions;

CREATE VIEW v1_levels AS
SELECT cases.institution, axes.axis, COALESCE(last.to_level, 'low') AS level, {time:last.at} AS since, last.score AS score_then
FROM cases
CROSS JOIN (SELECT 'priority' AS axis UNION ALL SELECT 'policy' UNION ALL SELECT 'continuity') axes
LEFT JOIN transitions last ON last.id = (
    SELECT newest.id FROM transitions newest
    WHERE newest.institution = cases.institution AND newest.axis = axes.axis
    ORDER BY newest.at DESC LIMIT 1
);

CREATE VIEW v1_alerts AS
SELECT alerts.id AS alert, {time:alerts.at} AS at, alerts.institution, alerts.subscriber, alerts.channel,
    alerts."on" AS kind, {json:alerts.detail level} AS level, alerts.state, alerts.reason,
    {json:alerts.detail story} AS story, {json:alerts.detail lead.title} AS title, alerts.transition
FROM alerts;

CREATE VIEW v1_deliveries AS
SELECT carried.alert, deliveries.id AS delivery, deliveries.subscriber, deliveries.channel, deliveries.kind,
    deliveries.state, deliveries.reason, deliveries.attempts, {time:deliveries.created_at} AS created_at,
    {time:deliveries.sent_at} AS sent_at, {time:deliveries.observed_at} AS observed_at
FROM deliveries
LEFT JOIN carried ON carried.delivery = deliveries.id;
